import { dsse } from '@sigstore/core';
import { z } from 'zod';
import { canonicalText, type Statement } from './statement.ts';

// DSSE (https://github.com/secure-systems-lab/dsse): a signature covers the payload's type and its bytes as they are stored.

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

const envelopeSchema = z.strictObject({
  payloadType: z.literal(PAYLOAD_TYPE),
  // Decoding and encoding again checks that it is base64.
  payload: z.string(),
  signatures: z.array(z.strictObject({ keyid: z.string(), sig: z.string() })).max(1),
});

/** A decoded envelope. */
export interface Envelope {
  readonly payload: Buffer;
  /** The bytes that the signature covers. */
  readonly signedBytes: Buffer;
  readonly signature: { readonly keyId: string; readonly bytes: Buffer } | undefined;
}

/** Signs bytes with one key. */
export interface Signer {
  /** sha256 of the public key in DER, as hex. */
  readonly keyId: string;
  readonly publicKeyPem: string;
  sign(bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/** Returns the statement in an envelope, as one line of JSON. Without a signer it has no signature. */
export async function envelopeLine(
  statement: Statement,
  signer: Signer | undefined,
  signal: AbortSignal,
): Promise<string> {
  const payload = Buffer.from(canonicalText(statement));
  const signature =
    signer === undefined ? undefined : await signer.sign(dsse.preAuthEncoding(PAYLOAD_TYPE, payload), signal);
  const signatures =
    signature === undefined || signer === undefined
      ? []
      : [{ keyid: signer.keyId, sig: Buffer.from(signature).toString('base64') }];
  return lineOf({ payloadType: PAYLOAD_TYPE, payload: payload.toString('base64'), signatures });
}

/**
 * Reads one line.
 * @throws {SyntaxError | z.ZodError | Error} for any line that differs by a byte from the output of {@link envelopeLine}.
 */
export function readEnvelope(line: string): Envelope {
  const parsed = envelopeSchema.parse(JSON.parse(line));
  const payload = Buffer.from(parsed.payload, 'base64');
  const signatures = parsed.signatures.map(({ keyid, sig }) => ({ keyid, bytes: Buffer.from(sig, 'base64') }));
  // Another spelling of the same envelope would have another digest, but a valid signature.
  const rest = lineOf({
    payloadType: parsed.payloadType,
    payload: '',
    signatures: signatures.map(({ keyid, bytes }) => ({ keyid, sig: bytes.toString('base64') })),
  });
  // The payload is compared separately: it is most of the line, and JSON escapes no character of base64.
  const isSame =
    payload.toString('base64') === parsed.payload &&
    line.startsWith(PAYLOAD_BEGINS) &&
    line.startsWith(parsed.payload, PAYLOAD_BEGINS.length) &&
    line.length === rest.length + parsed.payload.length &&
    line.endsWith(rest.slice(PAYLOAD_BEGINS.length));
  if (!isSame) throw new Error('it is not written as dr-contracts writes it');
  const [signature] = signatures;
  return {
    payload,
    get signedBytes() {
      return dsse.preAuthEncoding(PAYLOAD_TYPE, payload);
    },
    signature: signature && { keyId: signature.keyid, bytes: signature.bytes },
  };
}

const PAYLOAD_BEGINS = `{"payloadType":"${PAYLOAD_TYPE}","payload":"`;

const lineOf = ({ payloadType, payload, signatures }: z.infer<typeof envelopeSchema>): string =>
  JSON.stringify({ payloadType, payload, signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig })) });
