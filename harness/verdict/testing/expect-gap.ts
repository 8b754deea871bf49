import { expect } from 'vitest';
import type { DrillRecord, ExpectedProof, LaneOutcome } from '../../model/record.ts';
import { judge } from '../judge.ts';

// Changes that the tests of a proof make to a record, and the expected results.

export type Change = (record: DrillRecord) => void;

export const expectedIn = (record: DrillRecord): ExpectedProof => {
  if (record.expected === undefined) throw new Error('nothing was expected');
  return record.expected;
};
/** Returns a value that the made-up records contain. */
export const the = <T>(thing: T | null | undefined): T => {
  if (thing === null || thing === undefined) throw new Error('it is not there');
  return thing;
};
export const laneIn = (record: DrillRecord, index = 0): LaneOutcome => the(record.markers[index]);
export const phaseIn = (record: DrillRecord, name: string) => the(record.phases.find((phase) => phase.name === name));
export const stageIn = (record: DrillRecord, name: string) => the(record.stages.find((stage) => stage.name === name));
export const moving = (name: keyof DrillRecord['moments'], toMs: number): Change => {
  return ({ moments }) => {
    moments[name] = { ...the(moments[name]), monotonicMs: toMs };
  };
};
export const without = (name: Exclude<keyof DrillRecord['moments'], 'began'>): Change => {
  return ({ moments }) => {
    moments[name] = null;
  };
};

/** Expects that the record is met, that the changed record is not, and that the finding then names the fault. */
export function expectGap(made: (change?: Change) => DrillRecord, change: Change, finding: string, said: RegExp): void {
  expect(judge(made())).toMatchObject({ verdict: 'met' });
  const judgement = judge(made(change));
  expect(judgement.verdict).toBe('unproven');
  const [gap] = judgement.findings.filter(({ verdict }) => verdict === 'unproven');
  expect(gap).toMatchObject({ name: finding, sentence: expect.stringMatching(said) });
}
