import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Capability } from '../model/service.ts';
import { contractFilesOf } from '../project/contract-files.ts';
import { openProject } from '../project/prepare-run.ts';
import { toolsFor } from '../project/start-target.ts';
import { capabilitiesOf } from '../registered/providers.ts';
import { imagesFor } from '../targets/docker/settings.ts';
import type { TargetName, TargetWish } from '../targets/wishes.ts';
import { partition, partsOf, partsOfPostures } from './left-out.ts';
import { loadPromises } from './load.ts';
import { type Choose, needsOfProject, toolsOfParts, wantedParts } from './wanted-parts.ts';

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
