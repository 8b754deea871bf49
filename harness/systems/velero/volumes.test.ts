import { describe, expect, test } from 'vitest';
import { isNotProvableHere } from '../../model/errors.ts';
import { insteadOfFiles, requireNoSnapshots, withoutVolumes } from './volumes.ts';

const policyOf = (type: string) => `version: v1\nvolumePolicies: [{ conditions: {}, action: { type: ${type} } }]`;
const schedule = (template: Record<string, unknown>, policy?: string) => ({
  template,
  policy,
  heldBy: 'Schedule nightly in velero',
});

describe('C15: a Schedule that leaves volumes to snapshots', () => {
  test.each([
    [{ snapshotMoveData: true }, undefined, 'spec.template.snapshotMoveData: true'],
    [{}, policyOf('snapshot'), 'the action snapshot of volumePolicies in the resourcePolicy'],
    [{}, policyOf('custom'), 'the action custom of volumePolicies in the resourcePolicy'],
    [{}, policyOf('fs-backup'), undefined],
    [{}, policyOf('skip'), undefined],
    [{ snapshotVolumes: true, volumeSnapshotLocations: ['aws'] }, undefined, undefined],
  ])('%j with the policy %j: %s', (template, policy, field) => {
    expect(insteadOfFiles(schedule(template, policy))).toBe(field);
  });

  test('proves nothing here about volumes that the target cannot take otherwise, and is no breach', () => {
    const moved = schedule({ snapshotMoveData: true });
    const [data, other] = ['volume data of pod db-0', 'volume data of pod db-1'].map((what) => ({ what }));
    if (data === undefined || other === undefined) throw new Error('there are two');
    const taken = { ...data, phase: 'Completed', snapshotId: 'a', bytesDone: 1 };
    const thrown = (() => {
      try {
        requireNoSnapshots(moved, [data, other], [taken]);
      } catch (error) {
        return error;
      }
    })();
    expect(isNotProvableHere(thrown)).toBe(true);
    expect(thrown).toMatchObject({ explanation: { thing: other.what, observed: /snapshotMoveData/ } });
    expect(() => requireNoSnapshots(moved, [data], [taken])).not.toThrow();
    expect(() => requireNoSnapshots(schedule({}), [data], [])).not.toThrow();
  });
});

test('C15: a volume policy that is asked about a claim without a volume proves nothing here', () => {
  const error = 'message: /fail to get PV for PVC a/data-db-0 error: /PVC a/data-db-0 has no volume backing this claim';
  expect(isNotProvableHere(withoutVolumes('b', [error, error]))).toBe(true);
  expect(withoutVolumes('b', [error, 'another one'])).toBeUndefined();
  expect(withoutVolumes('b', [])).toBeUndefined();
});
