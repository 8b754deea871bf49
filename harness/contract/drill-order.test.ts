import { expect, it } from 'vitest';
import { memoryContract, memoryWorld } from '../drill/testing/memory-asset.ts';
import type { Contract } from '../model/contract.ts';
import type { Capability } from '../model/service.ts';
import { longestFirst, plannedDrills } from './drill-order.ts';

const contract = (name: string, needs: readonly Capability[], changes: Partial<Contract> = {}): Contract => {
  const made = memoryContract(memoryWorld(), { name, ...changes });
  return { ...made, asset: { ...made.asset, needs } };
};
const names = (drills: ReturnType<typeof plannedDrills>) =>
  drills.map((each) => `${each.contract.name}/${each.disaster}`);

const drills = plannedDrills([
  contract('bucket', ['s3'], { survives: ['a', 'b'] }),
  contract('cluster', ['kubernetes', 'velero', 's3'], { survives: ['a', 'b'] }),
  contract('sized', ['s3'], { productionSizeBytes: 1e9, survives: ['a'] }),
]);

it('the longest of earlier runs begin first', () => {
  const known = new Map([
    ['bucket/b', 90_000],
    ['cluster/a', 10],
    ['cluster/b', 20],
    ['sized/a', 60_000],
    ['bucket/a', 30],
  ]);
  expect(names(longestFirst(drills, known))).toEqual(['bucket/b', 'sized/a', 'bucket/a', 'cluster/b', 'cluster/a']);
});

it('without an earlier run, those begin first that need more, take more with them, or are drilled at several sizes', () => {
  expect(names(longestFirst(drills))).toEqual(['cluster/b', 'cluster/a', 'sized/a', 'bucket/b', 'bucket/a']);
});

it('the plan keeps the order of the contracts, which is that of the table', () => {
  expect(names(drills)).toEqual(['bucket/a', 'bucket/b', 'cluster/a', 'cluster/b', 'sized/a']);
});
