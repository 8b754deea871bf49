import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { z } from 'zod';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import { explaining } from '../../reporting/system-error.ts';

export const keyTypes = ['ed25519', 'p256'] as const;
export type KeyType = (typeof keyTypes)[number];

/** A public key with the identity that signatures name. */
export interface PublicKey {
  /** sha256 of the key in DER (SubjectPublicKeyInfo), as hex. */
  readonly keyId: string;
  readonly pem: string;
  readonly type: KeyType;
  readonly object: KeyObject;
}

/**
 * Reads a public key in PEM.
 * @param thing the source of the text, for messages.
 * @throws {ExplainedError} for anything but an Ed25519 or ECDSA P-256 public key.
 */
export function parsePublicKey(pem: string, thing: string): PublicKey {
  if (/PRIVATE KEY/.test(pem)) throw wrongKey(thing, 'it is a private key', PUBLIC);
  let object: KeyObject;
  try {
    object = createPublicKey(pem);
  } catch (error) {
    throw wrongKey(thing, `it cannot be read (${summaryOf(error)})`, PUBLIC, error);
  }
  return publicKey(object, thing);
}

/** Returns the public key of a private or public key. */
export function publicKey(key: KeyObject, thing: string): PublicKey {
  const object = key.type === 'private' ? createPublicKey(key) : key;
  const der = object.export({ type: 'spki', format: 'der' });
  return {
    keyId: createHash('sha256').update(der).digest('hex'),
    pem: object.export({ type: 'spki', format: 'pem' }).toString(),
    type: typeOf(object, thing),
    object,
  };
}

const PUBLIC = 'a public key in PEM, Ed25519 or ECDSA P-256';

function typeOf(key: KeyObject, thing: string): KeyType {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'p256';
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const found = `${key.asymmetricKeyType ?? 'unknown'}${curve === undefined ? '' : ` on ${curve}`}`;
  throw wrongKey(thing, `it is of the type ${found}`, 'an Ed25519 or ECDSA P-256 key');
}

export function wrongKey(thing: string, observed: string, expected: string, cause?: unknown): ExplainedError {
  return new ExplainedError(
    { thing, expected, observed, nextStep: 'Make a key pair with `dr-contracts keygen --out FILE`.' },
    { cause },
  );
}

/** Returns the hash for signing; null for Ed25519, which includes its own hash (RFC 8032). */
export const hashFor = (type: KeyType): 'sha256' | null => (type === 'ed25519' ? null : 'sha256');

export function isSignedBy(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  return verify(hashFor(key.type), bytes, key.object, signature);
}

interface MadeKey {
  readonly keyId: string;
  readonly privatePath: string;
  readonly publicPath: string;
}

/**
 * Makes a key pair: the private key at `path`, readable by its owner only, and the public key beside it (`ledger.pem`, `ledger.pub.pem`).
 * @throws {ExplainedError} when either file already exists: it replaces nothing.
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

/** The source of the signing key: a PEM file, an environment variable that holds the PEM, or a program that signs (a KMS). */
export const keySourceSchema = z.union([
  z.string().min(1),
  z.strictObject({ file: z.string().min(1) }),
  z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable') }),
  z.strictObject({ command: z.array(z.string()).min(1), publicKey: z.string().min(1) }),
]);
export type KeySource = z.infer<typeof keySourceSchema>;
