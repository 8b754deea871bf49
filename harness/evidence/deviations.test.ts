import { describe, expect, it } from 'vitest';
import type { Verdict } from '../model/record.ts';
import { madeUpDrill, madeUpPosture } from '../reporting/testing/made-up-records.ts';
import { DeviationList } from './deviations.ts';
import type { EntryBody, EntryOf } from './entry.ts';
import { entriesOfRun, madeUpPromise } from './ledger/testing/made-up-ledger.ts';

const at = '2026-01-01T00:00:00.000Z';
const digestOf = (sequence: number) => `sha256:${String(sequence).padStart(64, '0')}`;
const disasters = ['stream-deleted', 'server-lost'];

const deviation = (disaster: string | null): EntryBody => ({
  kind: 'deviation',
  at,
  contract: 'nats-streams',
  disaster,
  drillId: null,
  cause: 'c',
  correctiveAction: 'a',
  owner: 'o',
  due: '2026-02-01',
  ticket: null,
});

const closing = (opened: number, retest: number): EntryOf<'deviation-closed'> => ({
  kind: 'deviation-closed',
  at,
  deviation: { sequence: opened, digest: digestOf(opened) },
  retest: { sequence: retest, digest: digestOf(retest), runId: 'r', drillId: 'd', verdict: 'met' },
  closedBy: 'Ada',
  comment: '',
});

/** Returns the list after a run of the contract with its two disasters: entry 1 begins it, and the deviation is entry 2. */
function listAfter(opened: EntryBody, bodies: readonly EntryBody[]): DeviationList {
  const promises = [madeUpPromise({ contract: 'nats-streams', disasters })];
  const [started] = entriesOfRun({ runId: 'r', promises });
  if (started === undefined) throw new Error('no run');
  const list = new DeviationList();
  for (const [index, body] of [{ ...started, at } as EntryBody, opened, ...bodies].entries()) {
    list.follow({ sequence: index + 1, digest: digestOf(index + 1), body });
  }
  return list;
}

const drill = (disaster: string, verdict: Verdict = 'met'): EntryBody => ({
  kind: 'drill',
  runId: 'r',
  at,
  measurementVersion: 1,
  record: madeUpDrill({ contract: 'nats-streams', disaster, judgement: { verdict } }),
});

describe('a deviation', () => {
  it('gate-4: of a whole contract is closed only once each of its disasters was met since', () => {
    const one = listAfter(deviation(null), [drill('stream-deleted')]);
    expect([one.refusalOf(closing(2, 3)), one.find(2)?.open]).toEqual(['no retest', ['server-lost']]);
    const both = listAfter(deviation(null), [drill('stream-deleted'), drill('server-lost')]);
    expect([both.refusalOf(closing(2, 3)), both.refusalOf(closing(2, 4))]).toEqual(['no retest', undefined]);
    const broken = [drill('stream-deleted'), drill('stream-deleted', 'breached'), drill('server-lost')];
    expect(listAfter(deviation(null), broken).refusalOf(closing(2, 5))).toBe('no retest');
  });

  it('gate-4: stays open where the entry that closes it names another digest, or no retest', () => {
    const bodies = [drill('server-lost')];
    const wrong = { ...closing(2, 3), deviation: { sequence: 2, digest: digestOf(9) } };
    expect(listAfter(deviation('server-lost'), [...bodies, wrong]).open).toHaveLength(1);
    expect(listAfter(deviation('server-lost'), [...bodies, closing(2, 1)]).open).toHaveLength(1);
    expect(listAfter(deviation('server-lost'), [...bodies, closing(2, 3)]).open).toHaveLength(0);
  });

  it('gate-4: of posture checks is retested by a run that was killed after it had made them', () => {
    const finished = entriesOfRun({ runId: 'r', drills: [] }).find(({ kind }) => kind === 'run-finished');
    if (finished?.kind !== 'run-finished') throw new Error('no end');
    const posture = madeUpPosture([{ name: 'writer', verdict: 'met', sentence: 'As promised.' }]);
    const killed = { ...finished, at, kind: 'run-killed' as const, run: { ...finished.run, postures: [posture] } };
    const opened = { ...deviation(null), contract: posture.contract.name } as EntryBody;
    expect(listAfter(opened, [killed]).refusalOf(closing(2, 3))).toBeUndefined();
  });

  it('gate-4: that nobody closes keeps a bounded number of retests, of which the first and the last count', () => {
    const many = Array.from({ length: 500 }, () => drill('server-lost'));
    const list = listAfter(deviation('server-lost'), many);
    expect(list.find(2)?.retests.length).toBeLessThan(150);
    expect([list.refusalOf(closing(2, 3)), list.refusalOf(closing(2, 502))]).toEqual([undefined, undefined]);
  });
});
