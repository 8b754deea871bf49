import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import type { SpeedControl } from '../model/asset.ts';
import { Vigil } from './vigil.ts';

const pace = { clock: systemClock, intervalMs: 1, attemptBudgetMs: 1_000 };

/** Starts a vigil over a list of answers. `allGiven` resolves after the last one. */
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

describe('a vigil with a control of the speed of the machine', () => {
  const BUDGET_MS = 2_000;

  /** Runs one attempt on a manual clock and returns the counts of the vigil. */
  async function oneAttempt(
    ask: (clock: ManualClock, signal: AbortSignal) => Promise<void>,
    control: (clock: ManualClock, signal: AbortSignal) => Promise<void>,
  ) {
    const clock = new ManualClock();
    let asked = 0;
    const { promise: isOver, resolve } = Promise.withResolvers<void>();
    const controls: SpeedControl[] = [
      {
        what: 'the control',
        ask: async (signal) => {
          asked += 1;
          await control(clock, signal);
        },
      },
    ];
    let attempts = 0;
    const vigil = new Vigil({
      clock,
      intervalMs: 1,
      attemptBudgetMs: BUDGET_MS,
      controls,
      ask: async (signal) => {
        attempts += 1;
        if (attempts === 1) return await ask(clock, signal);
        resolve();
        return await new Promise(() => undefined);
      },
    });
    await clock.drive(isOver);
    return { counts: await clock.drive(vigil.stop()), asked };
  }

  const takes = (durationMs: number) => (clock: ManualClock, signal: AbortSignal) => clock.pause(durationMs, signal);
  const hangs = takes(600_000);

  it('records how slow the control was while an attempt was late', async () => {
    const { counts } = await oneAttempt(hangs, takes(1_000));
    expect(counts.record).toMatchObject({
      made: 1,
      failed: 1,
      late: 1,
      budgetMs: BUDGET_MS,
      lateAttempts: [
        {
          tookMs: BUDGET_MS,
          // The second answer came after the end of the attempt. Only its time within the attempt counts.
          controls: [{ what: 'the control', answers: 2, unanswered: 0, slowestMs: 1_000, slowMs: BUDGET_MS }],
        },
      ],
    });
  });

  it('records that the control was quick', async () => {
    const { counts } = await oneAttempt(hangs, takes(5));
    expect(counts.record?.lateAttempts).toMatchObject([
      { controls: [{ answers: expect.any(Number), unanswered: 0, slowestMs: 5, slowMs: 0 }] },
    ]);
  });

  it('counts a timer that fires late as a slow answer', async () => {
    const clock = new ManualClock();
    const pause = clock.pause.bind(clock);
    // A blocked event loop makes the pause before the first request to the control longer.
    clock.pause = async (durationMs, signal) => await pause(durationMs === 250 ? 1_900 : durationMs, signal);
    const vigil = new Vigil({
      clock,
      intervalMs: 1,
      attemptBudgetMs: BUDGET_MS,
      controls: [{ what: 'the control', ask: async () => undefined }],
      ask: (signal) => pause(600_000, signal),
    });
    await clock.pass(BUDGET_MS + 100);
    const { record } = await clock.drive(vigil.stop());
    expect(record?.lateAttempts).toMatchObject([{ controls: [{ slowestMs: 1_650, slowMs: 1_900 }] }]);
  });

  it.each([
    ['is refused', async () => Promise.reject(new Error('connect ECONNREFUSED'))],
    ['does not answer', hangs],
  ])('takes no excuse from a control that %s', async (_, control) => {
    const { counts } = await oneAttempt(hangs, control);
    const [reading] = counts.record?.lateAttempts[0]?.controls ?? [];
    expect(reading).toMatchObject({ answers: 0, slowestMs: 0, slowMs: 0 });
    expect(reading?.unanswered).toBeGreaterThan(0);
  });

  it('does not count an error as late, however slow the control is', async () => {
    const refused = async (clock: ManualClock, signal: AbortSignal) => {
      await clock.pause(1_500, signal);
      throw new Error('connect ECONNREFUSED');
    };
    const { counts } = await oneAttempt(refused, takes(700));
    expect(counts.record).toMatchObject({ failed: 1, late: 0, lateAttempts: [] });
  });

  it('counts an answer that a client gave up because it took too long as late', async () => {
    const cause = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });
    const { counts } = await oneAttempt(() => Promise.reject(new Error('the read failed', { cause })), takes(5));
    expect(counts.record).toMatchObject({ failed: 1, late: 1 });
  });

  it('does not ask the control while attempts are quick, and records nothing', async () => {
    const { counts, asked } = await oneAttempt(takes(100), takes(5));
    expect(asked).toBe(0);
    expect(counts).toMatchObject({ attempts: 1, failures: 0, record: undefined });
  });

  it('keeps of many late attempts those during which the control was quickest', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const vigil = new Vigil({
      clock,
      intervalMs: 1,
      attemptBudgetMs: BUDGET_MS,
      controls: [{ what: 'the control', ask: (signal) => clock.pause(asked === 30 ? 5 : 700, signal) }],
      ask: async (signal) => {
        asked += 1;
        await clock.pause(600_000, signal);
      },
    });
    await clock.pass(35 * (BUDGET_MS + 1_000));
    const { record } = await clock.drive(vigil.stop());
    expect(record?.late).toBeGreaterThan(30);
    expect(record?.lateAttempts).toHaveLength(20);
    expect(record?.lateAttempts[0]?.controls).toMatchObject([{ slowMs: 0 }]);
  });
});
