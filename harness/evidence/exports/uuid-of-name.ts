import { createHash } from 'node:crypto';

/** The namespace of every identifier here: the UUIDv5 of `urn:dr-contracts` in the namespace of URLs of RFC 9562. */
const NAMESPACE = '5decc089-cffa-50ed-9a35-d5a8583a25ae';

/** A UUID version 5 (RFC 9562, 5.5): the same name has the same identifier wherever and whenever it is made. */
export function uuidOfName(...parts: readonly string[]): string {
  const hash = createHash('sha1')
    .update(Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex'))
    .update(JSON.stringify(parts))
    .digest()
    .subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
