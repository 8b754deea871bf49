import { describe, expect, it } from 'vitest';
import type { DrillRecord } from '../../model/record.ts';
import { staleSections } from './comparison.ts';
import { renderRunbook } from './runbook.ts';
import { madeUpContract, madeUpPassing, madeUpRecovery } from './testing/made-up-contract.ts';

const contract = madeUpContract();
const other = madeUpContract({ facts: { ...contract.facts, name: 'orders' } });
const contracts = [contract, other];
const written = renderRunbook({ contracts, records: [madeUpPassing()] });
const SECTION = 'nats-streams: stream-deleted';

/** Returns the drill with its restore step changed. */
function drilledWith(change: Partial<NonNullable<DrillRecord['recovery']>['steps'][number]>): DrillRecord {
  const recovery = madeUpRecovery();
  return madeUpPassing({
    recovery: {
      ...recovery,
      steps: recovery.steps.map((step) => (step.phase === 'restore' ? { ...step, ...change } : step)),
    },
  });
}

const stale = (records: readonly DrillRecord[], promised = contracts, text = written) =>
  staleSections(text, { contracts: promised, records });

describe('a runbook still matches', () => {
  it('the drills that it was written from', () => {
    expect(stale([madeUpPassing()])).toEqual([]);
  });

  it.each([40, 700, 61_000, 4_000_000])('a drill that took %i ms longer, at another time and commit', (laterMs) => {
    expect(stale([madeUpPassing({ laterMs })])).toEqual([]);
  });

  it('a drill on another target', () => {
    const record = madeUpPassing();
    expect(stale([{ ...record, environment: { ...record.environment, target: 'docker' } }])).toEqual([]);
  });

  it('contracts that were not drilled again', () => {
    expect(stale([])).toEqual([]);
  });

  it('after it was written again', () => {
    const records = [drilledWith({ command: 'ops/new.sh' })];
    const again = renderRunbook({ contracts, records, previous: written });
    expect(stale(records, contracts, again)).toEqual([]);
    expect(renderRunbook({ contracts, records, previous: again })).toBe(again);
  });
});

describe('a runbook no longer matches', () => {
  it('a drill that ran another command', () => {
    expect(stale([drilledWith({ command: 'ops/restore.sh --force "$RECOVERY_POINT"' })])).toEqual([
      {
        title: SECTION,
        expected: '   ops/restore.sh --force "$RECOVERY_POINT"',
        observed: '   ops/restore.sh "$RECOVERY_POINT"',
      },
    ]);
  });

  it('a drill whose step has another name', () => {
    expect(stale([drilledWith({ what: 'Restore the streams' })])[0]).toMatchObject({
      title: SECTION,
      expected: '4. **Restore the streams.** (took 2.8 s)',
    });
  });

  it.each([
    ['one step more', (steps: readonly object[]) => [...steps, ...steps.slice(-1)]],
    ['one step less', (steps: readonly object[]) => steps.slice(1)],
    ['its steps in another order', (steps: readonly object[]) => steps.toReversed()],
  ])('a drill with %s', (_, change) => {
    const recovery = madeUpRecovery();
    const steps = change(recovery.steps) as typeof recovery.steps;
    expect(stale([madeUpPassing({ recovery: { ...recovery, steps } })])[0]?.title).toBe(SECTION);
  });

  it('contracts of which one was removed', () => {
    expect(stale([madeUpPassing()], [contract])).toContainEqual({
      title: 'orders: stream-deleted',
      expected: undefined,
      observed: '### orders: stream-deleted',
    });
  });

  it('contracts of which one is new', () => {
    const added = madeUpContract({ facts: { ...contract.facts, name: 'invoices' } });
    expect(stale([madeUpPassing()], [...contracts, added])).toContainEqual({
      title: 'invoices: stream-deleted',
      expected: '### invoices: stream-deleted',
      observed: undefined,
    });
  });

  it('a promise that was changed since its last drill', () => {
    const changed = madeUpContract({ facts: { ...contract.facts, rtoMs: 60_000 } });
    expect(stale([madeUpPassing()], [changed, other]).map(({ title }) => title)).toEqual([
      'Runbook',
      'nats-streams',
      SECTION,
    ]);
  });

  it('a contract with another owner, decision or degraded mode', () => {
    const changed = madeUpContract({ degraded: 'Nothing works' });
    expect(stale([], [changed, other])).toEqual([
      {
        title: 'nats-streams',
        expected: '| **meanwhile** | Nothing works. |',
        observed: '| **meanwhile** | Reads go on. |',
      },
    ]);
  });

  it.each([
    ['a figure that is none', 'took 2.8 s', 'took no time'],
    ['a word', 'Restore every stream', 'Restore most streams'],
  ])('when %s was edited by hand, drilled or not', (_, from, to) => {
    const edited = written.replace(from, to);
    expect(edited).not.toBe(written);
    expect(stale([madeUpPassing()], contracts, edited)[0]?.title).toBe(SECTION);
    expect(stale([], contracts, edited).map(({ title }) => title)).toContain(SECTION);
  });

  it('when there is none', () => {
    expect(stale([], contracts, '')[0]).toMatchObject({ title: 'Runbook', observed: undefined });
  });

  it('when its chapters are in another order or stand there twice', () => {
    expect(stale([madeUpPassing()], [other, contract])).not.toEqual([]);
    expect(stale([madeUpPassing()], contracts, `${written}\n## orders\n`)).not.toEqual([]);
  });
});
