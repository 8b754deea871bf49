/**
 * The S2 framing of a JetStream snapshot, limited to the needs of sabotage: S2 is Snappy's framing format with its own
 * identifier, larger blocks, and copies that repeat the last offset (offset 0).
 * Formats: https://github.com/google/snappy/blob/main/framing_format.txt and klauspost/compress `s2/s2.go`, `s2/decode_other.go`.
 */
const STREAM_IDENTIFIER = Buffer.from([0xff, 0x06, 0x00, 0x00, ...Buffer.from('S2sTwO')]);
const COMPRESSED = 0x00;
const UNCOMPRESSED = 0x01;
const FIRST_SKIPPABLE = 0x80;
const BLOCK_BYTES = 64 * 1024;

/** Returns the content of an S2 stream. @throws when it is malformed, or a block's checksum is wrong. */
export function decodeS2(framed: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < framed.length; ) {
    const type = framed.readUInt8(at);
    const body = framed.subarray(at + 4, at + 4 + framed.readUIntLE(at + 1, 3));
    at += 4 + body.length;
    if (type >= FIRST_SKIPPABLE) continue;
    if (type !== COMPRESSED && type !== UNCOMPRESSED) throw new Error(`S2 chunk of unknown type ${type}`);
    const block = type === COMPRESSED ? decodeBlock(body.subarray(4)) : body.subarray(4);
    if (maskedCrc32c(block) !== body.readUInt32LE(0)) throw new Error('an S2 block does not fit its checksum');
    blocks.push(block);
  }
  return Buffer.concat(blocks);
}

/** Encodes content in uncompressed blocks, which every S2 reader accepts. */
export function encodeS2(content: Buffer): Buffer {
  const chunks: Buffer[] = [STREAM_IDENTIFIER];
  for (let at = 0; at < content.length; at += BLOCK_BYTES) {
    const block = content.subarray(at, at + BLOCK_BYTES);
    const heading = Buffer.alloc(8);
    heading.writeUInt8(UNCOMPRESSED, 0);
    heading.writeUIntLE(block.length + 4, 1, 3);
    heading.writeUInt32LE(maskedCrc32c(block), 4);
    chunks.push(heading, block);
  }
  return Buffer.concat(chunks);
}

function decodeBlock(source: Buffer): Buffer {
  const length = readUvarint(source, 0);
  const target = Buffer.alloc(length.value);
  let read = length.next;
  let written = 0;
  let offset = 0;
  while (read < source.length) {
    const tag = source.readUInt8(read);
    if ((tag & 3) === 0) {
      const literal = literalAt(source, read);
      source.copy(target, written, literal.start, literal.start + literal.length);
      written += literal.length;
      read = literal.start + literal.length;
      continue;
    }
    const copy = copyAt(source, read);
    if (copy.offset !== 0) offset = copy.offset;
    if (offset === 0 || offset > written) throw new Error('an S2 block copies from before its beginning');
    // Byte by byte: source and target of a copy may overlap, which repeats the bytes just written.
    for (let index = 0; index < copy.length; index += 1)
      target[written + index] = target[written + index - offset] ?? 0;
    written += copy.length;
    read = copy.next;
  }
  if (written !== target.length) throw new Error('an S2 block is shorter than it says');
  return target;
}

function literalAt(source: Buffer, at: number): { readonly start: number; readonly length: number } {
  const short = source.readUInt8(at) >> 2;
  if (short < 60) return { start: at + 1, length: short + 1 };
  const bytes = short - 59;
  return { start: at + 1 + bytes, length: source.readUIntLE(at + 1, bytes) + 1 };
}

function copyAt(
  source: Buffer,
  at: number,
): { readonly offset: number; readonly length: number; readonly next: number } {
  const tag = source.readUInt8(at);
  if ((tag & 3) === 2) return { offset: source.readUInt16LE(at + 1), length: (tag >> 2) + 1, next: at + 3 };
  if ((tag & 3) === 3) return { offset: source.readUInt32LE(at + 1), length: (tag >> 2) + 1, next: at + 5 };
  const offset = ((tag & 0xe0) << 3) | source.readUInt8(at + 1);
  const short = (tag >> 2) & 7;
  if (offset !== 0 || short < 5) return { offset, length: short + 4, next: at + 2 };
  const bytes = short - 4;
  const base = [4, 256, 65_536][bytes - 1] ?? 0;
  return { offset, length: source.readUIntLE(at + 2, bytes) + base + 4, next: at + 2 + bytes };
}

export function readUvarint(source: Buffer, at: number): { readonly value: number; readonly next: number } {
  let value = 0n;
  for (let next = at, shift = 0n; ; next += 1, shift += 7n) {
    const byte = source.readUInt8(next);
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value: Number(value), next: next + 1 };
  }
}

const CASTAGNOLI = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

/** Returns CRC-32C, rotated and offset as the framing format requires. */
export function maskedCrc32c(block: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of block) crc = ((crc >>> 8) ^ (CASTAGNOLI[(crc ^ byte) & 0xff] ?? 0)) >>> 0;
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
