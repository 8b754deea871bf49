import { expect, it } from 'vitest';
import { veleroBackups } from './recovery-points.ts';

const options = { schedule: 'daily', fresh: '25h', critical: '48h', lag: '48h' };

it('B16: a success rate above 100 % is refused where it is written, because nothing can keep it', () => {
  expect(() => veleroBackups({ ...options, successAbove: 100 })).toThrow(/successAbove.*less than 100/);
  expect(() => veleroBackups({ ...options, successAbove: 99.9 })).not.toThrow();
});
