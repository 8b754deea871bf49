import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { execa } from 'execa';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import type { Secrets } from '../../model/secrets.ts';
import { explaining } from '../../reporting/system-error.ts';
import type { Signer } from './envelope.ts';
import {
  hashFor,
  isSignedBy,
  type KeySource,
  type PublicKey,
  parsePublicKey,
  publicKey,
  wrongKey,
} from './public-key.ts';

export interface SignerSettings {
  /** Base of relative paths. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly secrets?: Secrets | undefined;
}

const COMMAND_BUDGET_MS = 60_000;
const PRIVATE = 'a private key in PEM (PKCS#8), Ed25519 or ECDSA P-256, without a passphrase';

/**
 * Opens the key that signs entries. Its text is added to the secrets first, so it is never printed.
 * @throws {ExplainedError} when there is no usable key, or other users could read its file.
 */
export async function openSigner(source: KeySource, settings: SignerSettings): Promise<Signer> {
  if (typeof source === 'string') return await fileSigner(resolve(settings.folder, source), settings);
  if ('file' in source) return await fileSigner(resolve(settings.folder, source.file), settings);
  if ('env' in source) return environmentSigner(source.env, settings);
  return await commandSigner(source.command, resolve(settings.folder, source.publicKey), settings);
}

async function fileSigner(path: string, { secrets }: SignerSettings): Promise<Signer> {
  const thing = `signing key ${path}`;
  const pem = await explaining(thing, () => readFile(path, 'utf8'));
  // A public key needs no protection, so the advice to protect it would be wrong.
  requireNotPublic(pem, thing);
  await requirePrivate(path, thing);
  return keySigner(pem, thing, secrets);
}

/** @throws {ExplainedError} when other users than the owner can read or change the file. */
async function requirePrivate(path: string, thing: string): Promise<void> {
  const { mode } = await explaining(thing, () => stat(path));
  // Windows has access lists instead, so the bits are meaningless there.
  if (process.platform === 'win32' || (mode & 0o077) === 0) return;
  throw new ExplainedError({
    thing,
    expected: 'a file that only its owner can read',
    observed: `others can read or change it (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`,
    nextStep: `Run \`chmod 600 ${path}\`. If another user may have read it, make a new key and change to it (docs/evidence.md).`,
  });
}

function environmentSigner(name: string, { environment, secrets }: SignerSettings): Signer {
  const thing = `signing key in the environment variable ${name}`;
  const pem = environment[name] ?? '';
  if (pem.trim() !== '') return keySigner(pem, thing, secrets);
  throw new ExplainedError({
    thing,
    expected: PRIVATE,
    observed: pem === '' ? 'the variable is not set' : 'the variable is empty',
    nextStep: `Set ${name}, or remove \`ledger.key\` from the configuration to keep an unsigned ledger.`,
  });
}

function keySigner(pem: string, thing: string, secrets: Secrets | undefined): Signer {
  secrets?.add(pem, thing);
  const key = privateKey(pem, thing);
  const { keyId, pem: publicKeyPem, type } = publicKey(key, thing);
  return { keyId, publicKeyPem, sign: async (bytes) => sign(hashFor(type), bytes, key) };
}

function requireNotPublic(pem: string, thing: string): void {
  if (/PUBLIC KEY/.test(pem)) throw wrongKey(thing, 'it is a public key', PRIVATE);
}

function privateKey(pem: string, thing: string): KeyObject {
  requireNotPublic(pem, thing);
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const isEncrypted = /ENCRYPTED/.test(pem) || summaryOf(error).includes('passphrase');
    // The library's own message may quote the key.
    throw wrongKey(thing, isEncrypted ? 'it has a passphrase' : 'it cannot be read as a private key', PRIVATE);
  }
}

async function commandSigner(command: readonly string[], keyPath: string, settings: SignerSettings): Promise<Signer> {
  const thing = `public key ${keyPath}`;
  const key = parsePublicKey(await explaining(thing, () => readFile(keyPath, 'utf8')), thing);
  return {
    keyId: key.keyId,
    publicKeyPem: key.pem,
    sign: (bytes, signal) => signBy(command, key, bytes, settings, signal),
  };
}

/**
 * Signs with a program. It reads the bytes to sign from its standard input and writes the signature to its standard output, as bytes or in
 * base64. A check with the public key decides which it is. The user's own program runs with the user's environment.
 */
async function signBy(
  [file = '', ...args]: readonly string[],
  key: PublicKey,
  bytes: Uint8Array,
  { folder, environment }: SignerSettings,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const thing = `signing command ${file}`;
  const ended = await execa(file, args, {
    cwd: folder,
    env: { ...environment },
    extendEnv: false,
    input: bytes,
    encoding: 'buffer',
    // The last byte of a signature may be a line feed.
    stripFinalNewline: false,
    reject: false,
    timeout: COMMAND_BUDGET_MS,
    cancelSignal: signal,
    maxBuffer: 1_000_000,
  });
  signal.throwIfAborted();
  const failed = (observed: string) =>
    new ExplainedError({
      thing,
      expected: `a signature by the key ${key.keyId} on its standard output, as bytes or in base64`,
      observed,
      nextStep: 'Run the command by hand; docs/evidence.md shows how it is called.',
    });
  if (ended.failed) {
    const said = new TextDecoder().decode(ended.stderr).trim().split('\n').at(-1) ?? '';
    throw failed(
      ended.timedOut
        ? `it took longer than ${COMMAND_BUDGET_MS / 1000} s`
        : `${ended.shortMessage}${said === '' ? '' : `: ${said}`}`,
    );
  }
  const text = new TextDecoder().decode(ended.stdout).trim();
  const signature = [ended.stdout, Buffer.from(text, 'base64')].find((each) => isSignedBy(key, bytes, each));
  if (signature === undefined)
    throw failed(
      `${ended.stdout.length === 1 ? 'its 1 byte is' : `its ${ended.stdout.length} bytes are`} not such a signature`,
    );
  return signature;
}
