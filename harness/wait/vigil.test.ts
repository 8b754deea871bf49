import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { Vigil } from './vigil.ts';

const pace = { clock: systemClock, intervalMs: 1, attemptBudgetMs: 1_000 };

/** A vigil over answers given one after the other; resolves when all of them have been given. */
function watching(answers: readonly (() => Promise<void>)[]): { vigil: Vigil; allGiven: Promise<void> } {
  const { promise: allGiven, resolve } = Promise.withResolvers<void>();
  let given = 0;
  const ask = async () => {
    const answer = answers[given];
    given += 1;
    if (answer !== undefined) return answer();
    resolve();
    return new Promise<void>(() => undefined);
  };
  return { vigil: new Vigil({ ...pace, ask }), allGiven };
}

const good = async () => undefined;
const bad = (reason: string) => async () => {
  throw new Error(reason);
};

describe('a vigil', () => {
  it('counts the failures and keeps the reason of the first', async () => {
    const { vigil, allGiven } = watching([good, bad('no answer'), good, bad('later')]);
    await allGiven;
    expect(await vigil.stop()).toMatchObject({ attempts: 4, failures: 2, firstFailure: 'no answer' });
  });

  it('counts an answer that takes too long as a failure', async () => {
    const vigil = new Vigil({ ...pace, attemptBudgetMs: 5, ask: () => new Promise(() => undefined) });
    await systemClock.pause(50, new AbortController().signal);
    const { failures, longestSilenceMs } = await vigil.stop();
    expect(failures).toBeGreaterThan(0);
    expect(longestSilenceMs).toBeGreaterThanOrEqual(45);
  });

  it('does not count the answer that it gave up when it was stopped, and can be stopped twice', async () => {
    const { vigil, allGiven } = watching([good]);
    await allGiven;
    const counts = await vigil.stop();
    expect(counts).toMatchObject({ attempts: 1, failures: 0, firstFailure: undefined });
    expect(await vigil.stop()).toEqual(counts);
  });
});
