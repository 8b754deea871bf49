import { expect, test } from 'vitest';
import { identifySelf, thisMachine } from '../../process/identity.ts';
import { clusterName, readOwnerLabel, sessionLabels, sessionOfCluster } from './labels.ts';

const session = { id: 'a123456789', owner: identifySelf(), machine: thisMachine(), began: '2026-01-01T00:00:00.000Z' };

test('the owner is read back from the label as it was written', () => {
  expect(readOwnerLabel(sessionLabels(session)['dr-contracts.owner'] ?? '')).toEqual(session);
});

test('a label that says nothing names no owner', () => {
  expect(['', 'e30', '!!'].map(readOwnerLabel)).toEqual([undefined, undefined, undefined]);
});

test("a cluster's name leads back to its session; other names lead nowhere", () => {
  expect(sessionOfCluster(clusterName(session.id, 'shared'))).toBe(session.id);
  expect(['kind', 'dr-kept-0', 'dr-prod-eu', 'my-dr-a123456789-x'].map(sessionOfCluster)).toEqual(
    Array.from({ length: 4 }, () => undefined),
  );
});
