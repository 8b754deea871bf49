import { describe, expect, it } from 'vitest';
import type { PlanHolder, PlanProof } from '../model/plan.ts';
import { judgePlan } from './plan.ts';

const drill: PlanHolder = { contract: 'streams', disaster: 'server-lost' };
const name = 'drill streams: server-lost';
const proof: PlanProof = {
  holder: name,
  target: 'local',
  verdict: 'met',
  at: '2026-01-02T00:00:00.000Z',
  why: 'All promises were kept.',
  definition: 'now',
};
const test: PlanHolder = { test: 'a.test.ts', name: 'works' };
const definitions = new Map([
  [name, 'now'],
  ['test a.test.ts: works', 'file'],
  ['check settings: versions', null],
]);

function judged(heldBy: readonly PlanHolder[], ...proofs: readonly PlanProof[]) {
  const plan = { title: 'The plan', lines: [{ id: 'A1', text: 'It works', seen: 'by a run', heldBy: [...heldBy] }] };
  const [line] = judgePlan(plan, { definitions }, proofs);
  return line?.problems;
}

describe('a line of a plan', () => {
  it('is held when what holds it was met, or at risk, where it was seen last', () => {
    expect(judged([drill], proof)).toEqual([]);
    expect(judged([drill], { ...proof, verdict: 'at-risk' })).toEqual([]);
    expect(judged([drill], { ...proof, verdict: 'breached', at: '2026-01-01T00:00:00.000Z' }, proof)).toEqual([]);
  });

  it('is not held by nothing', () => {
    expect(judged([])).toEqual(['nothing holds it: name a contract, a check or a test in `heldBy`']);
  });

  it('is not held by what nobody knows, and the nearest name is suggested', () => {
    expect(judged([{ contract: 'stream', disaster: 'server-lost' }], proof)).toEqual([
      `drill stream: server-lost: there is no such drill (did you mean "${name}"?)`,
    ]);
  });

  it('is not held while no run shows what holds it', () => {
    expect(judged([drill])).toEqual([`${name}: no run at hand shows it`]);
    expect(judged([drill, test], proof)).toEqual(['test a.test.ts: works: no run at hand shows it']);
  });

  it('is not held by a run of a promise that was another one then', () => {
    expect(judged([drill], { ...proof, definition: 'then' })).toEqual([
      `${name}: it was last seen on local at 2026-01-02T00:00:00.000Z, but its options, or files behind it, have changed since: run it again`,
    ]);
  });

  it('is not held by a record that does not say how its promise was defined', () => {
    expect(judged([drill], { ...proof, definition: null })).toEqual([
      `${name}: it was last seen on local at 2026-01-02T00:00:00.000Z, but the record does not say how it was defined then: run it again`,
    ]);
  });

  it('is not held by what reads a file that cannot be read, whatever a record says', () => {
    const check: PlanHolder = { posture: 'settings', check: 'versions' };
    const ofCheck = { ...proof, holder: 'check settings: versions', definition: null };
    expect(judged([check], ofCheck)).toEqual([
      'check settings: versions: one of its files cannot be read, so it is unknown what would prove it; correct the path, or the file',
    ]);
  });

  it('is not held when it was not met on one of the targets, and the sentence says why', () => {
    const onDocker = { ...proof, target: 'docker', verdict: 'breached', why: 'Nothing came back.' } as const;
    expect(judged([drill], proof, onDocker)).toEqual([`${name}: breached on docker: Nothing came back`]);
    expect(judged([drill], { ...proof, verdict: 'unproven', why: 'Nothing was compared.' })).toEqual([
      `${name}: unproven on local: Nothing was compared`,
    ]);
  });

  it('that has to be seen on a target is held there and nowhere else', () => {
    const onDocker = { ...drill, on: 'docker' };
    expect(judged([onDocker], proof)).toEqual([`${name}: no run at hand shows it on docker`]);
    expect(judged([onDocker], { ...proof, verdict: 'breached' }, { ...proof, target: 'docker' })).toEqual([]);
  });

  it('is not held when one of several tests of that name failed in the same report', () => {
    const passed: PlanProof = { ...proof, holder: 'test a.test.ts: works', definition: 'file' };
    const failed: PlanProof = { ...passed, verdict: 'breached', why: 'the test failed' };
    expect(judged([test], failed, passed)).toEqual(['test a.test.ts: works: breached on local: the test failed']);
    expect(judged([test], passed, failed)).toHaveLength(1);
  });
});
