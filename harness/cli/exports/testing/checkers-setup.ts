import { systemClock } from '../../../clock/clock.ts';
import { type Checkers, obtainCheckers } from './obtain-checkers.ts';

// The first run installs a Python environment (about a minute) and builds promtool (several minutes).

/** Runs once, before the tests of the formats. */
export async function setup(): Promise<void> {
  await theCheckers();
}

export function theCheckers(): Promise<Checkers> {
  return obtainCheckers({
    clock: systemClock,
    signal: new AbortController().signal,
    environment: process.env,
    say: (activity) => process.stderr.write(`${activity}\n`),
  });
}
