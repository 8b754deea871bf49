import { expect, it } from 'vitest';
import { collectionOfGo } from './program.ts';

it('servers written in Go collect garbage less often, but only where memory is plentiful', () => {
  expect(collectionOfGo(20 * 1024 ** 3)).toEqual({ GOGC: '400', GOMEMLIMIT: '1GiB' });
  expect(collectionOfGo(6 * 1024 ** 3)).toEqual({});
});
