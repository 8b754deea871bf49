import { fileURLToPath } from 'node:url';
import { describe, expect, it, test, vi } from 'vitest';
import type { Contract } from '../model/contract.ts';
import type { Capability } from '../model/service.ts';
import { contractFilesOf } from '../project/contract-files.ts';
import { openProject } from '../project/prepare-run.ts';
import { toolsFor } from '../project/start-target.ts';
import { capabilitiesOf } from '../registered/providers.ts';
import { imagesFor } from '../targets/docker/settings.ts';
import type { TargetName, TargetWish } from '../targets/wishes.ts';
import { definePosture } from './define.ts';
import { loadPromises } from './load.ts';
import {
  type Choose,
  excused,
  needsOfProject,
  partition,
  partitionPostures,
  partsOf,
  partsOfPostures,
  requireKnown,
  toolsOfParts,
  wantedParts,
} from './wanted-parts.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const carriedBy: Readonly<Record<TargetName, readonly Capability[]>> = {
  local: ['nats', 'nats-cluster', 's3', 'kubernetes', 'velero', 'regions'],
  docker: capabilitiesOf('docker'),
};
const choosing =
  (name: TargetName, asked: TargetWish[] = []): Choose =>
  async (wish) => {
    asked.push(wish);
    return { name, capabilities: carriedBy[name] };
  };

describe('what a project needs of this machine', () => {
  it.each(['local', 'docker'] as const)('is on target %s what a run of its contracts obtains', async (target) => {
    const { promises } = await needsOfProject(root, undefined, target, choosing(target));
    const loaded = await loadPromises(await contractFilesOf(await openProject(root)));
    const { contracts } = partition(loaded.contracts, carriedBy[target], false);
    const { rendersManifests } = wantedParts({ contracts, postures: [] });
    const parts = [...partsOf(contracts), ...partsOfPostures(loaded.postures)];
    const wanted = parts.filter((part) => carriedBy[target].includes(part));
    expect([...(promises?.tools.keys() ?? [])].toSorted()).toEqual(
      [...toolsOfParts(target, { wanted, rendersManifests })].toSorted(),
    );
    expect([...(promises?.images.keys() ?? [])].toSorted()).toEqual(
      target === 'docker' ? [...imagesFor(wanted)].toSorted() : [],
    );
  });

  it('names the contracts that a program is for', async () => {
    const { promises } = await needsOfProject(root, undefined, 'docker', choosing('docker'));
    expect(promises?.tools.get('velero')).toContain('secrets-and-configuration');
    expect(promises?.tools.get('velero')).not.toContain('nats-streams');
    expect(promises?.tools.get('nats')).toContain('nats-streams');
  });

  it('is asked for the target of the configuration, or auto, where nobody names one', async () => {
    const asked: TargetWish[] = [];
    await needsOfProject(root, undefined, undefined, choosing('local', asked));
    expect(asked).toEqual(['auto']);
  });

  it.each([
    ['docker', 'docker'],
    ['auto', 'local'],
  ] as const)('is not known where there are no contracts; asked for %s, the target is %s', async (wish, target) => {
    const empty = fileURLToPath(new URL('.', import.meta.url));
    expect(await needsOfProject(empty, undefined, wish, choosing('docker'))).toEqual({ target });
  });
});

describe('the docker target', () => {
  it('needs no program that only Go or Python can make', () => {
    expect(toolsFor('docker', capabilitiesOf('docker'))).toEqual(['nats', 'kubectl', 'velero', 'aws']);
  });
});

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
