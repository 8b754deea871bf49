import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { ExplainedError, summaryOf } from '../../model/errors.ts';

export const keyTypes = ['ed25519', 'p256'] as const;
export type KeyType = (typeof keyTypes)[number];

/** A public key with the name by which signatures refer to it. */
export interface PublicKey {
  /** sha256 of the key in DER (SubjectPublicKeyInfo), as hex. */
  readonly keyId: string;
  readonly pem: string;
  readonly type: KeyType;
  readonly object: KeyObject;
}

/**
 * Reads a public key in PEM.
 * @param thing for messages: where the text came from.
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

/** The public key of a private or a public one. */
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

/** Ed25519 hashes by itself (RFC 8032). */
export const hashFor = (type: KeyType): 'sha256' | null => (type === 'ed25519' ? null : 'sha256');

export function isSignedBy(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  return verify(hashFor(key.type), bytes, key.object, signature);
}
