import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { DrillRecord } from '../../model/record.ts';
import { madeUpPosture } from '../../reporting/testing/made-up-records.ts';
import { COMMIT, DAY_MS, ledgerOf, postureRun, promise, run } from '../gate/testing/made-up-gate.ts';
import { comparableTimes, historyOf } from './history.ts';
import { renderHistory } from './render-history.ts';

type Entries = ReturnType<typeof run>;

const slow = (record: { phases: { name: string; measuredMs: number }[] }) => {
  const restore = record.phases.find(({ name }) => name === 'restore');
  if (restore !== undefined) restore.measuredMs = 24_000;
};
const days = (count: number) => Array.from({ length: count }, (_, index) => run({ agoMs: (count - index) * DAY_MS }));
const breached = (agoMs: number) =>
  run({
    agoMs,
    change: (record) => {
      record.contract.rtoMs = 60_000;
    },
  });
const history = (runs: readonly Entries[], wanted = 60, contracts: readonly string[] = []) =>
  historyOf(ledgerOf(runs.flat()).toReversed(), { runs: wanted, contracts });
const plain = { live: false, columns: 100, rows: 24, colour: false, unicode: true };

describe('the history', () => {
  it('has the drills of each promise, the oldest first, and since when the last verdict holds', async () => {
    const { promises } = await history([...days(5), breached(DAY_MS / 2), breached(DAY_MS / 4)]);
    expect(promises).toHaveLength(1);
    expect(promises[0]?.points.map(({ verdict }) => verdict)).toEqual([
      ...Array.from({ length: 5 }, () => 'met'),
      'breached',
      'breached',
    ]);
    expect(promises[0]?.since).toBe('2026-02-01T00:00:00.000Z');
    expect(promises[0]?.sinceIsUpperBound).toBe(false);
  });

  it('reads so many runs from the last one, and says that older ones may have the same verdict', async () => {
    const cut = await history(days(5), 3);
    expect([cut.runs, cut.isCut, cut.promises[0]?.points.length]).toEqual([3, true, 3]);
    expect(cut.promises[0]?.sinceIsUpperBound).toBe(true);
    const whole = await history(days(5), 5);
    expect([whole.runs, whole.isCut, whole.promises[0]?.sinceIsUpperBound]).toEqual([5, false, false]);
  });

  it('page 2: has the checks of a posture contract, with the commit of their run', async () => {
    const offSite = promise({ contract: 'off-site-backups', disasters: [] });
    const posture = madeUpPosture([{ name: 'policy', verdict: 'breached', sentence: 'Too much.' }]);
    const checked = postureRun(posture, offSite).map((body) => ({ ...body, keyId: null }));
    const { promises } = await history([checked]);
    expect(promises).toEqual([
      expect.objectContaining({
        contract: 'off-site-backups',
        disaster: 'posture',
        isPromised: true,
        points: [expect.objectContaining({ verdict: 'breached', commit: COMMIT, drillId: null })],
      }),
    ]);
  });

  it('page 4: tells a run that was killed from one that ended, failed, or has no end', async () => {
    const [started, drill, finished] = run({ agoMs: DAY_MS });
    if (started === undefined || drill === undefined || finished?.kind !== 'run-finished') throw new Error('no run');
    const failure = { messages: ['no space'], interrupted: false };
    const ended = (end: Entries) => history([[started, drill, ...end], run()]);
    const endings = await Promise.all([
      ended([finished]),
      ended([{ ...finished, kind: 'run-killed' }]),
      ended([{ ...finished, run: { ...finished.run, failure } }]),
      ended([{ ...finished, run: { ...finished.run, failure: { ...failure, killed: true } } }]),
      ended([]),
    ]);
    expect(endings.map(({ brokenRuns: [first] }) => first?.ending)).toEqual([
      undefined,
      'killed',
      'failed',
      'killed',
      'unknown',
    ]);
    expect(renderHistory(endings[1] ?? (await history([])), plain)).toContain('Run r86400000-orders- was killed.\n');
  });

  it('page 6: does not take what a person wrote before the first run for an older run', async () => {
    const [first] = run({ agoMs: DAY_MS });
    const reason = {
      kind: 'key-changed',
      at: first?.at ?? '',
      to: { keyId: 'k', publicKeyPem: 'p' },
      reason: 'r',
    } as const;
    expect((await history([[{ ...reason, keyId: null }], ...days(2)], 2)).isCut).toBe(false);
    expect((await history([[{ ...reason, keyId: null }], ...days(2)], 1)).isCut).toBe(true);
  });

  it('reads no more of the ledger than those runs', async () => {
    let read = 0;
    const entries = ledgerOf(days(100).flat())
      .toReversed()
      .values()
      .map((entry) => {
        read += 1;
        return entry;
      });
    await historyOf(entries, { runs: 3, contracts: [] });
    expect(read).toBeLessThanOrEqual(10);
  });

  it('has a promise that was never drilled, and one that was withdrawn', async () => {
    const last = run().map((entry) =>
      entry.kind === 'run-started' ? { ...entry, promises: [promise({ contract: 'new' })] } : entry,
    );
    const { promises } = await history([last.filter(({ kind }) => kind !== 'drill')]);
    expect(promises).toEqual([expect.objectContaining({ contract: 'new', isPromised: true, points: [], since: null })]);
    const both = await history([run({ agoMs: DAY_MS }), last.filter(({ kind }) => kind !== 'drill')]);
    expect(both.promises.map(({ contract, isPromised }) => [contract, isPromised])).toEqual([
      ['new', true],
      ['orders', false],
    ]);
  });

  it('keeps to the contracts that were asked for', async () => {
    const runs = [run({ agoMs: DAY_MS }), run({ contract: 'api' })];
    expect((await history(runs, 60, ['api'])).promises.map(({ contract }) => contract)).toEqual(['api']);
  });

  it('compares only times of the same target and the same way of measuring', async () => {
    const { promises } = await history([
      run({ agoMs: 4 * DAY_MS, target: 'docker' }),
      run({ agoMs: 3 * DAY_MS, measurementVersion: 9 }),
      run({ agoMs: 2 * DAY_MS }),
      run({ agoMs: DAY_MS, change: slow }),
    ]);
    const [only] = promises;
    expect(only === undefined ? [] : comparableTimes(only)).toEqual([150_000, 162_000]);
  });
});

/** Returns entries with names as long as the longest of the reference platform. */
const longNamed = (entries: Entries): Entries =>
  entries.map((entry) => {
    if (entry.kind !== 'drill') return entry;
    const { contract, disaster } = entry.record;
    return {
      ...entry,
      record: {
        ...entry.record,
        contract: { ...contract, name: 'secrets-and-configuration' },
        disaster: { ...disaster, name: 'namespace-deleted-to-staging' },
      },
    };
  });

describe('the table of the history', () => {
  it('shows verdicts and a sparkline for each promise, and says what was not read', async () => {
    const text = renderHistory(await history([...days(4), breached(1_000)], 4), plain);
    expect(text).toMatch(/^promise +verdict +verdicts +last RTA +RTAs\n/);
    expect(text).toMatch(/\norders +breached +✔✔✔✘ +2 min 30 s +█+\n {2}wiped +since 2026-02-01 +of 1 min\n/);
    expect(text).toMatch(/\nThe last 4 runs\. Older ones were not read; --runs reads more\.\n$/);
  });

  it('page 6: does not call the oldest run that was read a run before which it held', async () => {
    const text = renderHistory(await history(days(5), 1), plain);
    expect(text).toContain('since 2026-01-31');
    expect(text).toContain('or earlier');
    expect(text).not.toContain('before');
    expect(renderHistory(await history(days(5)), plain)).not.toContain('or earlier');
  });

  it('fits 80 columns and has no colour where there is none to be had', async () => {
    const text = renderHistory(await history(days(40).map(longNamed), 30), { ...plain, columns: 80, unicode: false });
    expect(text).toBe(stripVTControlCharacters(text));
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('lets no name steer the terminal', async () => {
    const text = renderHistory(await history([run({ contract: 'a\u001b[31mb\u202e' })]), plain);
    expect(text).toContain('a [31mb');
    expect(text).not.toContain('\u001b');
  });

  it('says of an empty ledger what to do', async () => {
    expect(renderHistory(await history([]), plain)).toBe('The ledger has no runs yet. Run `dr-contracts drill`.\n');
  });

  it('draws from nothing to the longest time, and leaves a gap where none is known', async () => {
    const taking = (seconds: number | undefined) => (record: DrillRecord) => {
      const phase = { name: 'restore', addedMs: 0, outcome: 'completed' } as const;
      record.phases = seconds === undefined ? [] : [{ ...phase, measuredMs: seconds * 1_000 }];
    };
    const runs = [0, 50, undefined, 100].map((seconds, index) =>
      run({ agoMs: (4 - index) * DAY_MS, change: taking(seconds) }),
    );
    const known = await history(runs);
    expect(renderHistory(known, plain)).toMatch(/^orders .* 1 min 40 s +▁▅ █ *$/m);
    expect(renderHistory(known, { ...plain, unicode: false })).toMatch(/^orders .* 1 min 40 s +\.\+ @ *$/m);
    const [started, , finished] = run();
    if (started === undefined || finished === undefined) throw new Error('no run');
    const none = renderHistory(await history([[started, finished]]), { ...plain, unicode: false });
    expect(none).toMatch(/^orders +has not run +- +- +- *$/m);
  });
});
