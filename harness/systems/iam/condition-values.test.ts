import { BlockList } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { edgesOf, rangesWith } from './address-ranges.ts';

const v4 = fc.ipV4();
const v6 = fc.ipV6().filter((address) => !address.includes('.'));

it.each([
  ['ipv4', v4, 32],
  ['ipv6', v6, 128],
] as const)('an address of %s lies in a range where it does for Node', (family, addresses, most) => {
  fc.assert(
    fc.property(addresses, addresses, fc.integer({ min: 0, max: most }), (address, start, bits) => {
      const list = new BlockList();
      list.addSubnet(start, bits, family);
      const range = `${start}/${bits}`;
      for (const each of [address, ...edgesOf(range)]) {
        expect(rangesWith(each, [range])).toEqual([list.check(each, family)]);
      }
    }),
  );
});

it('the edges of a range are its first and last address, and those beside it', () => {
  expect(edgesOf('10.0.1.7/24')).toEqual(['10.0.1.0', '10.0.1.255', '10.0.0.255', '10.0.2.0']);
  expect(edgesOf('0.0.0.0/1')).toEqual(['0.0.0.0', '127.255.255.255', '128.0.0.0']);
  expect(edgesOf('2001:db8::/64')).toContain('2001:db8:0:1:0:0:0:0');
});

it.each(['10.0.0.0/33', '10.0.0.0/abc', '10.0.0.0/-1', '10.0.0.300/24', '2001:db8::/129', '::ffff:10.0.0.1/128', 'x'])(
  '%s is no range, and holds nothing',
  (text) => {
    expect(edgesOf(text)).toEqual([text.replace(/\/.*/, '')]);
    expect(rangesWith('10.0.0.0', [text])).toEqual([false]);
    expect(rangesWith(text, ['0.0.0.0/0'])).toBeUndefined();
  },
);
