import { describe, expect, it } from 'vitest';
import type { EntryBody } from '../entry.ts';
import { collected, type MadeUpDay, madeUpReport, ordersDrill, ordersPromise } from './testing/made-up-period.ts';

const DAY_MS = 86_400_000;
const [from, to] = ['2026-11-01', '2026-11-30'];
const lines = (days: readonly MadeUpDay[]) => collected(days, from, to).promises.map((promise) => promise.line());
const line = (days: readonly MadeUpDay[]) => lines(days)[0];
const deficiencies = (days: readonly MadeUpDay[]) => collected(days, from, to).deficiencies.deficiencies;

describe('the population of a period', () => {
  it('counts each promise by its last drill, and one without a drill as missed', () => {
    const two = [ordersPromise({ disasters: ['stream-deleted', 'server-lost'] })];
    const { population, promises } = madeUpReport(
      [
        { on: '2026-11-02', promises: two, drills: [ordersDrill('breached')] },
        { on: '2026-11-03', promises: two, drills: [ordersDrill('at-risk')], posture: 'met' },
      ],
      from,
      to,
    );
    expect(population).toMatchObject({
      promised: 3,
      run: 2,
      met: 1,
      atRisk: 1,
      breached: 0,
      missed: 1,
      drills: { met: 0, atRisk: 1, breached: 1, unproven: 0 },
      postures: { met: 1 },
      runs: { finished: 2 },
    });
    expect(promises.map(({ disaster, state }) => [disaster, state])).toEqual([
      ['server-lost', 'missed'],
      ['stream-deleted', 'at-risk'],
      [null, 'met'],
    ]);
  });

  it('takes no drill on another target, and no older one that was appended later, for a retest', () => {
    const broken = ordersDrill('breached');
    const elsewhere = ordersDrill('met', { environment: { ...broken.environment, target: 'elsewhere' } });
    const onBoth = [
      { on: '2026-11-09', drills: [broken] },
      { on: '2026-11-10', drills: [elsewhere] },
    ];
    expect(line(onBoth)).toMatchObject({ state: 'breached' });
    expect(deficiencies(onBoth)).toMatchObject([{ retest: null }]);

    const older = (body: EntryBody): EntryBody =>
      body.kind === 'drill'
        ? {
            ...body,
            record: {
              ...body.record,
              moments: { ...body.record.moments, ended: { utc: '2026-11-05T00:00:00.000Z', monotonicMs: 9 } },
            },
          }
        : body;
    const late = [
      { on: '2026-11-09', drills: [broken] },
      { on: '2026-11-20', change: older },
    ];
    expect(line(late)).toMatchObject({ state: 'breached' });
    expect(deficiencies(late)).toMatchObject([{ retest: null }]);
    expect(line([{ on: '2026-11-09', drills: [broken] }, { on: '2026-11-20' }])).toMatchObject({ state: 'met' });
  });

  it('holds what was promised before the period and never drilled in it, with the age of its last proof', () => {
    expect(line([{ on: '2026-10-20' }])).toMatchObject({
      state: 'missed',
      drills: { met: 0 },
      lastProof: { sequence: 2, runId: 'run-1', drillId: 'd1x0' },
      lastProofAgeMs: Date.parse('2026-12-01') - 1 - Date.parse('2026-10-20'),
    });
  });

  it('takes the last drill that was kept as the last proof, and not a later one that was not', () => {
    const days = [{ on: '2026-11-02' }, { on: '2026-11-05' }, { on: '2026-11-09', drills: [ordersDrill('breached')] }];
    expect(line(days)).toMatchObject({ state: 'breached', lastProof: { runId: 'run-2' } });
  });

  it('leaves out what was withdrawn before the period, and marks what was withdrawn in it', () => {
    const other = [ordersPromise({ contract: 'users' })];
    expect(lines([{ on: '2026-10-01' }, { on: '2026-10-02', promises: other, drills: [] }])).toMatchObject([
      { contract: 'users', isWithdrawn: false },
    ]);
    expect(lines([{ on: '2026-11-01' }, { on: '2026-11-02', promises: other, drills: [] }])).toMatchObject([
      { contract: 'orders', isWithdrawn: true },
      { contract: 'users', isWithdrawn: false },
    ]);
  });

  it('does not look at what came after the period', () => {
    const { promises, runs } = collected([{ on: '2026-11-30' }, { on: '2026-12-01' }], from, to);
    expect(promises[0]?.counts.met).toBe(1);
    expect(runs).toHaveLength(1);
  });

  it('takes the end of a drill that was appended late as the time of its proof', () => {
    const late: MadeUpDay = {
      on: '2026-11-20',
      drills: [ordersDrill('met')],
      change: (body) =>
        body.kind === 'drill'
          ? {
              ...body,
              record: {
                ...body.record,
                moments: { ...body.record.moments, ended: { utc: '2026-11-05T00:00:00.000Z', monotonicMs: 1 } },
              },
            }
          : body,
    };
    expect(line([late])?.lastProof?.at).toBe('2026-11-05T00:00:00.000Z');
  });

  it('counts scheduled runs that are missing, between drills and at the end', () => {
    const promises = [ordersPromise({ cadenceMs: 2 * DAY_MS })];
    const days = ['2026-11-01', '2026-11-03', '2026-11-11'].map((on) => ({ on, promises }));
    // 5, 7 and 9 November; then from 13 to 29 November.
    expect(line(days)).toMatchObject({ missedRuns: 3 + 9, cadenceMs: 2 * DAY_MS });
    expect(line([{ on: '2026-11-29', promises }])).toMatchObject({
      missedRuns: 0,
      nextDue: '2026-12-01T04:48:00.000Z',
    });
  });
});

describe('recovery times of a period', () => {
  it('leave out figures of another measurement version, and say how many', () => {
    const days = [{ on: '2026-11-01' }, { on: '2026-11-02', measurementVersion: 99 }];
    expect(line(days)?.rta).toMatchObject({ drills: 1, notCompared: 1, within: 1, objectiveMs: 900_000 });
  });

  it('leave out drills before the period', () => {
    expect(line([{ on: '2026-10-01' }])?.rta.drills).toBe(0);
  });
});

describe('a deficiency', () => {
  it('lasts from the first drill that showed it to the first that was met, whatever could not be proved between', () => {
    const [only, ...more] = deficiencies([
      { on: '2026-11-02', drills: [ordersDrill('unproven')] },
      { on: '2026-11-03', drills: [ordersDrill('breached')] },
      { on: '2026-11-04', drills: [ordersDrill('unproven')] },
      { on: '2026-11-06' },
      { on: '2026-11-07' },
    ]);
    expect(more).toEqual([]);
    expect(only).toMatchObject({
      id: 'D1',
      what: 'orders: stream-deleted',
      worst: 'breached',
      attempts: 3,
      firstSeen: { runId: 'run-1' },
      lastSeen: { runId: 'run-3' },
      retest: { runId: 'run-4' },
      openForMs: 4 * DAY_MS,
      findings: ['rto'],
    });
  });

  it('is of the period if it was open at its beginning, and not if it was closed before', () => {
    const open = deficiencies([{ on: '2026-10-02', drills: [ordersDrill('breached')] }]);
    expect(open).toMatchObject([{ retest: null, firstSeen: { at: '2026-10-02T00:00:00.000Z' } }]);
    expect(deficiencies([{ on: '2026-10-02', drills: [ordersDrill('breached')] }, { on: '2026-10-03' }])).toEqual([]);
  });

  it('is a posture contract that is breached, and a run that did not come to its end', () => {
    expect(deficiencies([{ on: '2026-11-02', posture: 'breached' }])).toMatchObject([
      { what: 'off-site-backups', sentence: 'Too much.', findings: ['writer'] },
    ]);
    expect(deficiencies([{ on: '2026-11-02', posture: 'breached', halts: 'access' }])).toMatchObject([
      { sentence: 'Too much. It halts the roll-out (access).' },
    ]);
    expect(deficiencies([{ on: '2026-11-02', posture: 'at-risk', halts: 'cost' }])).toEqual([]);
    expect(deficiencies([{ on: '2026-11-02', ending: 'run-killed' }, { on: '2026-11-03' }])).toMatchObject([
      { what: 'the run itself', contract: null, worst: 'unproven', retest: { runId: 'run-2' } },
    ]);
  });

  describe('of a run', () => {
    const promises = [ordersPromise(), ordersPromise({ contract: 'users' })];
    const orders = ordersDrill();
    const users = ordersDrill('met', { contract: { ...orders.contract, name: 'users' } });
    const killed: MadeUpDay = { on: '2026-11-02', promises, drills: [orders], ending: 'run-killed' };
    const ofRun = (days: readonly MadeUpDay[]) => deficiencies(days).filter(({ contract }) => contract === null);
    const elsewhere = (body: EntryBody): EntryBody =>
      body.kind === 'run-finished' ? { ...body, run: { ...body.run, target: 'elsewhere' } } : body;
    const selecting =
      (...selected: readonly string[]) =>
      (body: EntryBody): EntryBody =>
        body.kind === 'run-started' ? { ...body, selected: [...selected] } : body;

    it('gate-9: is not closed by a later run of other contracts, nor by one on another target', () => {
      const part: MadeUpDay = { on: '2026-11-03', promises, drills: [orders], change: selecting('orders') };
      expect(ofRun([killed, part])).toMatchObject([{ retest: null, ofContracts: ['orders', 'users'] }]);
      const other: MadeUpDay = { on: '2026-11-03', promises, drills: [orders, users], change: elsewhere };
      expect(ofRun([killed, other])).toMatchObject([{ retest: null }]);
      const whole: MadeUpDay = { on: '2026-11-04', promises, drills: [orders, users] };
      expect(ofRun([killed, part, whole])).toMatchObject([{ retest: { runId: 'run-3' } }]);
    });

    it('gate-9: is one for each set of contracts, and asks for no contract that was withdrawn since', () => {
      const part: MadeUpDay = { ...killed, on: '2026-11-03', change: selecting('users') };
      const later: MadeUpDay = { on: '2026-11-04', promises: [ordersPromise()], drills: [orders] };
      expect(ofRun([killed, part])).toMatchObject([{ ofContracts: ['orders', 'users'] }, { ofContracts: ['users'] }]);
      expect(ofRun([killed, part, later]).map(({ retest }) => retest?.runId)).toEqual(['run-3', 'run-3']);
    });
  });

  it('carries the causes that people wrote down, and the others stand by themselves', () => {
    const deviation = (contract: string): EntryBody => ({
      kind: 'deviation',
      at: '2026-11-10T00:00:00.000Z',
      contract,
      disaster: null,
      drillId: null,
      cause: 'slow disks',
      correctiveAction: 'new disks',
      owner: 'storage',
      due: '2026-12-24',
      ticket: 'OPS-1',
    });
    const { deficiencies: result } = collected(
      [{ on: '2026-11-02', drills: [ordersDrill('breached')], afterRun: [deviation('orders'), deviation('users')] }],
      from,
      to,
    );
    expect(result.deficiencies).toMatchObject([
      { deviations: [{ cause: 'slow disks', due: '2026-12-24', sequence: 4 }] },
    ]);
    expect(result.deviations).toMatchObject([{ contract: 'users' }]);
  });

  it('shows who closed a deviation by which retest, and which one is overdue', () => {
    const opened = (due: string): EntryBody => ({
      kind: 'deviation',
      at: '2026-11-02T01:00:00.000Z',
      contract: 'orders',
      disaster: 'stream-deleted',
      drillId: null,
      cause: 'slow disks',
      correctiveAction: 'new disks',
      owner: 'storage',
      due,
      ticket: null,
    });
    const at = (sequence: number) => ({ sequence, digest: `sha256:${String(sequence).padStart(64, '0')}` });
    const closing: EntryBody = {
      kind: 'deviation-closed',
      at: '2026-11-09T00:00:00.000Z',
      deviation: at(4),
      retest: { ...at(7), runId: 'run-2', drillId: 'd2x0', verdict: 'met' },
      closedBy: 'Ada',
      comment: 'faster now',
    };
    const afterRun = [opened('2026-11-05'), opened('2026-11-12')];
    expect(
      deficiencies([
        { on: '2026-11-02', drills: [ordersDrill('breached')], afterRun },
        { on: '2026-11-08', afterRun: [closing] },
      ]),
    ).toMatchObject([
      {
        retest: { runId: 'run-2' },
        deviations: [
          { sequence: 4, isOverdue: false, closed: { closedBy: 'Ada', retestSequence: 7 } },
          { sequence: 5, isOverdue: true, closed: null },
        ],
      },
    ]);
    // gate-4: it names a drill that does not belong to the deviation.
    const unfounded = { ...closing, retest: { ...closing.retest, ...at(2) } };
    expect(
      deficiencies([
        { on: '2026-11-02', drills: [ordersDrill('breached')], afterRun },
        { on: '2026-11-08', afterRun: [unfounded] },
      ])[0]?.deviations[0],
    ).toMatchObject({ sequence: 4, closed: null });
  });
});

describe('what drills show', () => {
  const support = (days: readonly MadeUpDay[], kind: Parameters<typeof ofKind>[1]) => ofKind(days, kind);
  function ofKind(days: readonly MadeUpDay[], kind: 'recovery' | 'content' | 'objectives' | 'exposure' | 'switchover') {
    return collected(days, from, to).promises[0]?.support(kind);
  }

  it('is a recovery only if every promise was kept, and an objective whenever the time was measured', () => {
    const days = [{ on: '2026-11-02', drills: [ordersDrill('breached')] }];
    expect(support(days, 'recovery')).toMatchObject({ supporting: 0, others: 1, longestGapMs: null });
    expect(support(days, 'objectives')).toMatchObject({ supporting: 1, others: 0 });
  });

  it('is no content where nothing was compared', () => {
    expect(
      support([{ on: '2026-11-02', drills: [ordersDrill('met', { comparison: null })] }], 'content'),
    ).toMatchObject({
      supporting: 0,
      others: 1,
    });
  });

  it('is no switchover where the service stayed', () => {
    expect(support([{ on: '2026-11-02' }], 'switchover')).toBeUndefined();
  });

  it('has gaps, from the last proof before the period to its end', () => {
    const days = [{ on: '2026-10-20' }, { on: '2026-11-02' }, { on: '2026-11-22' }];
    expect(support(days, 'recovery')).toMatchObject({
      supporting: 2,
      first: { runId: 'run-2' },
      last: { runId: 'run-3' },
      longestGapMs: 20 * DAY_MS,
    });
  });
});
