import { generateKeyPairSync } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { explaining } from '../../reporting/system-error.ts';
import { type KeyType, publicKey } from './public-key.ts';

export interface MadeKey {
  readonly keyId: string;
  readonly privatePath: string;
  readonly publicPath: string;
}

/**
 * Makes a key pair: the private key at `path`, readable by its owner only, and the public key beside it (`ledger.pem`, `ledger.pub.pem`).
 * @throws {ExplainedError} when either file exists already: nothing is replaced.
 */
export async function makeKey(type: KeyType, path: string): Promise<MadeKey> {
  const { privateKey } =
    type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { keyId, pem } = publicKey(privateKey, 'the new key');
  const publicPath = publicPathOf(path);
  await explaining(`public key ${publicPath}`, () => writeFile(publicPath, pem, { flag: 'wx', flush: true }));
  try {
    await explaining(`private key ${path}`, () =>
      writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { flag: 'wx', mode: 0o600, flush: true }),
    );
  } catch (error) {
    await rm(publicPath, { force: true });
    throw error;
  }
  return { keyId, privatePath: path, publicPath };
}

function publicPathOf(path: string): string {
  const extension = extname(path);
  return `${extension === '' ? path : path.slice(0, -extension.length)}.pub${extension === '' ? '.pem' : extension}`;
}
