import { describe, expect, it, test, vi } from 'vitest';
import type { Contract } from '../model/contract.ts';
import type { Capability } from '../model/service.ts';
import { definePosture } from './define-posture.ts';
import { excused, partition, partitionPostures, requireKnown } from './left-out.ts';

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

test('a posture is left out where the target lacks what it needs, and not for what a check only prefers', () => {
  const posture = (name: string, needs: readonly Capability[]) =>
    definePosture({
      name,
      owner: 'o',
      needs,
      checks: [{ name: 'one', promise: 'p', needs: ['s3'], prefers: ['enforced-access'], observe: vi.fn() }],
    });
  const [preferring, needing] = [posture('settings', []), posture('installation', ['pods'])];
  expect(partitionPostures([preferring, needing], carried, false)).toEqual({
    postures: [preferring],
    leftOut: [{ contract: 'installation', lacking: ['pods'] }],
  });
  expect(partitionPostures([preferring, needing], carried, true).postures).toEqual([preferring, needing]);
});

describe('B29: a contract that the target cannot run', () => {
  const leftOut = [{ contract: 'api', lacking: ['pods'] as const }];

  it('fails the run of a pipeline whose target was chosen automatically', () => {
    expect(excused(leftOut, {}, true)).toEqual([{ ...leftOut[0], failsRun: true }]);
    expect(excused(leftOut, {}, false)).toEqual(leftOut);
  });

  it('does not, where the configuration gives the reason', () => {
    expect(excused(leftOut, { api: 'needs pods' }, true)).toEqual([{ ...leftOut[0], reason: 'needs pods' }]);
  });

  it('is excused by the name of a contract that there is, or the configuration is wrong', () => {
    expect(() => requireKnown({ local: { apo: 'x' } }, ['api'])).toThrow(
      /notOn\.local: expected names of contracts \(api\), but it names "apo" \(did you mean "api"\?\)/,
    );
    expect(() => requireKnown({ local: { api: 'x' } }, ['api'])).not.toThrow();
  });
});
