import { describe, expect, it } from 'vitest';
import { sharedPointers } from './shared-pointers.ts';

const at = (utc: string) => ({ utc, monotonicMs: 0 });
const span = { began: at('2026-11-28T12:03:44.900Z'), ended: at('2026-11-28T12:03:47.100Z') };

describe('what a backup writes beside its recovery point', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['a file LATEST beside a folder', ['p/20261128T120345Z/a', 'p/20261128T120345Z/b', 'p/LATEST'], ['p/LATEST']],
    [
      'a copy of the archive',
      ['p/orders-2026-11-28_12-03.tar.gz', 'p/orders-latest.tar.gz'],
      ['p/orders-latest.tar.gz'],
    ],
    ['a copy of the folder', ['p/1795867425/a', 'p/latest/a'], ['p/latest/a']],
    ['two of them', ['p/28.11.2026/a', 'p/current.json', 'p/last_successful'], ['p/current.json', 'p/last_successful']],
    ['a day of another time zone', ['p/2026-11-29/a', 'p/LATEST'], ['p/LATEST']],
  ])('N10: %s only points at it', (_, written, pointers) => {
    expect([...sharedPointers(written, span)]).toEqual(pointers);
  });

  it.each<[string, readonly string[]]>([
    ['a mirror that holds a latest.txt', ['p/assets/a', 'p/latest.txt']],
    ['an archive and its checksums', ['p/20261128T120345Z.tar', 'p/SHA256SUMS', 'p/LATEST']],
    ['one archive for each stream', ['p/orders-20261128.tar', 'p/payments-20261128.tar', 'p/LATEST']],
    ['a name of another day', ['p/20251128T120345Z/a', 'p/LATEST']],
    ['a word that only contains "last"', ['p/20261128T120345Z/a', 'p/blast.json']],
    ['nothing but the pointer', ['p/LATEST']],
    ['one archive', ['p/latest-20261128.tar']],
  ])('N10: %s has no part that only points', (_, written) => {
    expect([...sharedPointers(written, span)]).toEqual([]);
  });
});
