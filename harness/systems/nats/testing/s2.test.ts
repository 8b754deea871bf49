import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeS2, encodeS2, maskedCrc32c } from './s2.ts';

const identifier = Buffer.from([0xff, 0x06, 0x00, 0x00, ...Buffer.from('S2sTwO')]);

function compressed(content: string, block: readonly number[]): Buffer {
  const heading = Buffer.alloc(8);
  heading.writeUIntLE(block.length + 4, 1, 3);
  heading.writeUInt32LE(maskedCrc32c(Buffer.from(content)), 4);
  return Buffer.concat([identifier, heading, Buffer.from(block)]);
}

describe('the S2 framing', () => {
  test('what is encoded decodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200_000 }), (bytes) => {
        expect(decodeS2(encodeS2(Buffer.from(bytes))).equals(bytes)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('a checksum is the one that the format’s specification gives', () => {
    // CRC-32C of "123456789" is e3069283 (RFC 3720, appendix B.4 uses the same polynomial).
    const crc = 0xe3069283;
    expect(maskedCrc32c(Buffer.from('123456789'))).toBe((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  });

  test('copies overlap what they write, and a copy without an offset repeats the last one', () => {
    const literalAb = [0x01 << 2, ...Buffer.from('ab')];
    const copy4From2 = [(0 << 2) | 1, 2];
    const repeat4 = [(0 << 2) | 1, 0];
    const content = 'ab'.repeat(5);
    expect(decodeS2(compressed(content, [content.length, ...literalAb, ...copy4From2, ...repeat4])).toString()).toBe(
      content,
    );
  });

  test('a block that does not fit its checksum is refused', () => {
    const framed = encodeS2(Buffer.from('payload'));
    framed.writeUInt8(0, framed.length - 1);
    expect(() => decodeS2(framed)).toThrow('checksum');
  });
});
