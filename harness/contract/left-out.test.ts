import { expect, test } from 'vitest';
import type { Contract } from '../model/contract.ts';
import type { Capability } from '../model/target.ts';
import { partition } from './left-out.ts';

const contractNeeding = (name: string, needs: readonly Capability[], procedureNeeds: readonly Capability[]) =>
  ({ name, asset: { needs }, protectedBy: { needs: procedureNeeds } }) as unknown as Contract;

const onNats = contractNeeding('streams', ['nats'], ['s3']);
const onPods = contractNeeding('api', ['kubernetes'], ['velero', 'pods']);
const carried: readonly Capability[] = ['nats', 's3', 'kubernetes', 'velero'];

test('a contract whose asset or procedure needs more than the target has is left out by name', () => {
  expect(partition([onNats, onPods], carried, false)).toEqual({
    contracts: [onNats],
    leftOut: [{ contract: 'api', lacking: ['pods'] }],
  });
});

test('nothing is left out when all are asked for', () => {
  expect(partition([onNats, onPods], carried, true)).toEqual({ contracts: [onNats, onPods], leftOut: [] });
});
