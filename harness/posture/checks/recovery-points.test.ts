import { expect, it } from 'vitest';
import { recoveryPoints, veleroBackups } from './recovery-points.ts';
import { retention } from './retention.ts';

const options = { schedule: 'daily', fresh: '25h', critical: '48h', lag: '48h' };

it('B16: a success rate above 100 % is refused where it is written, because nothing can keep it', () => {
  expect(() => veleroBackups({ ...options, successAbove: 100 })).toThrow(/successAbove.*less than 100/);
  expect(() => veleroBackups({ ...options, successAbove: 99.9 })).not.toThrow();
});

it.each([
  [{ fresh: '25h' }, /it lacks one of them/],
  [{ fresh: '48h', critical: '25h' }, /must be shorter/],
  [{ for: 'orders', fresh: '25h', critical: '48h' }, /stands beside/],
  [{}, /it lacks one of them/],
])('a level is written, or taken from a contract: %o is refused', (levels, message) => {
  expect(() => veleroBackups({ schedule: 'daily', lag: '48h', successAbove: 99, ...levels })).toThrow(message);
});

it('C09: takes a pattern and a time zone, and refuses what cannot be read', () => {
  const bucket = {
    bucket: 'b',
    prefix: 'nats/',
    every: '24h',
    fresh: '25h',
    critical: '48h',
    lag: '48h',
    successAbove: 99,
  };
  expect(() => recoveryPoints({ ...bucket, pattern: 'orders-%F.tar.gz', timeZone: 'Europe/Berlin' })).not.toThrow();
  expect(() => recoveryPoints({ ...bucket, pattern: 'orders' })).toThrow(/names no day/);
  expect(() => recoveryPoints({ ...bucket, timeZone: 'Mars/Olympus' })).toThrow(/IANA time zone/);
  expect(() =>
    retention({ bucket: 'b', prefix: 'nats/', madeBy: { namespace: 'a', name: 'b' }, keeps: 30, pattern: '%q' }),
  ).toThrow(/%q is none of them/);
});
