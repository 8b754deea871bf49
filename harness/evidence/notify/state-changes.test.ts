import { describe, expect, it } from 'vitest';
import type { EntryBody, PromiseFacts } from '../entry.ts';
import { DAY_MS, HOUR_MS, ledgerOf, type MadeUpDrill, NOW, promise, run } from '../gate/testing/made-up-gate.ts';
import { stateChangesOf } from './state-changes.ts';
import { messageLines } from './webhook.ts';

type Entries = ReturnType<typeof run>;

const breached: Pick<MadeUpDrill, 'change'> = {
  change: (record) => {
    record.contract.rtoMs = 60_000;
  },
};

/** Returns a run that states these promises. */
const stating = (entries: Entries, promises: readonly PromiseFacts[], selected: string[] | null = null): Entries =>
  entries.map((entry) => (entry.kind === 'run-started' ? { ...entry, promises: [...promises], selected } : entry));

const withoutDrill = (entries: Entries): Entries => entries.filter(({ kind }) => kind !== 'drill');

const ending = (entries: Entries, change: Partial<Extract<EntryBody, { kind: 'run-finished' }>['run']>): Entries =>
  entries.map((entry) => (entry.kind === 'run-finished' ? { ...entry, run: { ...entry.run, ...change } } : entry));

/** Number of entries that were read. */
let read = 0;
function* newestFirst(entries: Entries) {
  for (const entry of ledgerOf(entries).toReversed()) {
    read += 1;
    yield entry;
  }
}

async function changesOf(...runs: readonly Entries[]) {
  read = 0;
  return await stateChangesOf(newestFirst(runs.flat()), NOW.getTime());
}

const told = async (...runs: readonly Entries[]) =>
  (await changesOf(...runs)).changes.map(({ contract, before, state }) => `${contract}: ${before} to ${state}`);

describe('what changed with the last run', () => {
  it('is nothing while a promise stays as it was', async () => {
    expect(await told(run({ agoMs: DAY_MS }), run())).toEqual([]);
  });

  it('is a promise that broke, and one that holds again', async () => {
    expect(await told(run({ agoMs: DAY_MS }), run(breached))).toEqual(['orders: met to breached']);
    expect(await told(run({ agoMs: DAY_MS, ...breached }), run())).toEqual(['orders: breached to met']);
  });

  it('is a drill that could not prove it', async () => {
    const unproven = run({
      change: (record) => {
        record.comparison = null;
      },
    });
    expect(await told(run({ agoMs: DAY_MS }), unproven)).toEqual(['orders: met to unproven']);
  });

  it('is a promise that the run should have drilled and did not', async () => {
    const { changes } = await changesOf(run({ agoMs: DAY_MS }), withoutDrill(run()));
    expect(changes).toEqual([
      expect.objectContaining({
        before: 'met',
        state: 'has not run',
        sentence: expect.stringMatching(/^The last run did not drill it\. Its last drill ended 2026-01-31T/),
      }),
    ]);
  });

  it('is not a promise that nobody asked this run to drill', async () => {
    const last = stating(withoutDrill(run()), [promise()], ['another']);
    expect(await told(run({ agoMs: DAY_MS }), last)).toEqual([]);
  });

  it('is a promise that is drilled less often than it promises', async () => {
    const daily = [promise({ cadenceMs: DAY_MS })];
    const first = stating(run({ agoMs: 2 * DAY_MS }), daily);
    const last = stating(withoutDrill(run()), daily, ['another']);
    expect(await told(first, last)).toEqual(['orders: met to has not run']);
    const between = stating(withoutDrill(run({ agoMs: DAY_MS / 2 })), daily, ['another']);
    expect(await told(first, between, last)).toEqual([]);
  });

  it('page 3: is overdue by the rule of the gate, which allows a tenth of the cadence', async () => {
    const daily = [promise({ cadenceMs: DAY_MS })];
    const last = stating(withoutDrill(run()), daily, ['another']);
    const drilled = (agoMs: number) => stating(run({ agoMs }), daily);
    expect(await told(drilled(1.09 * DAY_MS), last)).toEqual([]);
    expect(await told(drilled(1.11 * DAY_MS), last)).toEqual(['orders: met to has not run']);
  });

  it('page 3: is both for a promise that is broken and overdue', async () => {
    const daily = [promise({ cadenceMs: DAY_MS })];
    const first = stating(run({ agoMs: 3 * DAY_MS, ...breached }), daily);
    const last = stating(withoutDrill(run()), daily, ['another']);
    const { changes } = await changesOf(first, last);
    expect(changes).toEqual([
      expect.objectContaining({
        before: 'breached',
        state: 'breached',
        hasNotRun: true,
        sentence: expect.stringMatching(/^Promised back within 1 min.* It promises a drill every 1 d/s),
      }),
    ]);
    const [line] = messageLines(await changesOf(first, last), false).lines;
    expect(line).toMatch(/^❌ orders › wiped: breached, and has not run since\. Promised back/);
  });

  it('is a promise that was never drilled, when it is new', async () => {
    const promises = [promise(), promise({ contract: 'api' })];
    const first = run({ agoMs: DAY_MS });
    expect(await told(first, stating(run(), promises))).toEqual(['api: null to has not run']);
    expect(await told(stating(first, promises), stating(run(), promises))).toEqual([]);
  });

  it('is a contract that the target cannot drill, unless it promises a cadence that has not ended', async () => {
    const leftOut = { leftOut: [{ contract: 'orders', lacking: ['pods'] }] };
    const without = ending(withoutDrill(run()), leftOut);
    expect(await told(run({ agoMs: DAY_MS }), without)).toEqual(['orders: met to has not run']);
    const weekly = [promise({ cadenceMs: 7 * DAY_MS })];
    expect(await told(stating(run({ agoMs: DAY_MS }), weekly), stating(without, weekly))).toEqual([]);
  });

  it('is a run that did not come to its end', async () => {
    const [started, drill] = run();
    if (started === undefined || drill === undefined) throw new Error('not a run');
    expect((await changesOf(run({ agoMs: DAY_MS }), [started, drill])).failure).toBe(
      'The ledger does not record the end of the last run.',
    );
  });

  it('is compared with the state before the last run also when two runs overlap', async () => {
    const [started, ...others] = run({ agoMs: 2 * HOUR_MS });
    const [lastStarted, ...lastOthers] = run(breached);
    if (started === undefined || lastStarted === undefined) throw new Error('not a run');
    expect(await told(run({ agoMs: DAY_MS }), [started, lastStarted, ...others, ...lastOthers])).toEqual([
      'orders: met to breached',
    ]);
  });

  it('is known from the last two runs of a long ledger, if they drilled everything', async () => {
    const long = Array.from({ length: 500 }, (_, index) => run({ agoMs: (501 - index) * DAY_MS }));
    expect(await told(...long, run(breached))).toEqual(['orders: met to breached']);
    expect(read).toBeLessThanOrEqual(7);
  });

  it('is nothing in an empty ledger', async () => {
    expect(await changesOf()).toMatchObject({ runId: null, changes: [], states: [] });
  });
});

describe('the message', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => promise({ contract: `c${index}` }));

  it('tells the worst first, and counts what does not fit', async () => {
    const promises = [...many(30), promise()];
    const changes = await changesOf(stating(run({ ...breached }), promises));
    const { headline, lines } = messageLines(changes, false);
    expect(headline).toBe('Disaster recovery on local: 31 changed; now 1 breached, 30 not run');
    expect(lines[0]).toMatch(/^❌ orders › wiped: breached\. /);
    expect(lines).toHaveLength(22);
    expect(lines).toContain('and 11 more');
  });

  it('says in its first line that the run did not come to its end', async () => {
    const failed = ending(run(), { failure: { messages: ['the disk is full'], interrupted: false } });
    const { lines } = messageLines(await changesOf(failed), false);
    expect(lines[0]).toBe('⛔ The run did not come to its end: the disk is full');
  });
});
