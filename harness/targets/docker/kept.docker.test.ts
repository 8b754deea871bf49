import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { collectGarbage } from '../garbage.ts';
import { type StartedTarget, startTarget } from '../start.ts';
import { docker, dockerLines } from './docker-command.ts';
import type { FoundImage } from './images.ts';
import { prepareKept } from './kept.ts';
import { keptName } from './kept-name.ts';
import { KIND_CLUSTER_LABEL } from './labels.ts';
import { inContainers } from './runtime.ts';
import { ownScratch } from './testing/own-scratch.ts';
import { leftOf, patient, testToolchain } from './testing.ts';

/** Uses a kept cluster of this test alone, and does not touch the user's. */
async function ownKept(): Promise<void> {
  await ownScratch();
  vi.stubEnv('DR_CONTRACTS_KEPT', `test-${process.pid}`);
  onTestFinished(async () => {
    await collectGarbage({ kept: true });
    expect(await nodes()).toEqual([]);
    vi.unstubAllEnvs();
  });
}

const nodes = async () =>
  await dockerLines(
    ['ps', '--all', '--no-trunc', '--filter', `label=${KIND_CLUSTER_LABEL}=${keptName()}`, '--format', '{{.ID}}'],
    patient,
  );

interface Run {
  readonly nodes: readonly string[];
  readonly said: readonly string[];
  readonly setting: string | undefined;
}

/** Starts a target with `--keep`, calls `look`, and stops the target again. */
async function run(look?: (started: StartedTarget) => Promise<void>): Promise<Run> {
  const said: string[] = [];
  const progress = (message: string) => void said.push(message);
  const toolchain = await testToolchain();
  const started = await startTarget(inContainers({ keep: true }), {
    toolchain,
    parts: ['velero'],
    clock: systemClock,
    signal: patient,
    progress,
  });
  let found: Omit<Run, 'said'>;
  try {
    found = { nodes: await nodes(), setting: (await started.target.place(sharedKubernetes)).settings['cluster'] };
    await look?.(started);
  } finally {
    await started[Symbol.asyncDispose]();
  }
  expect(await leftOf(started.target.sessionId)).toEqual([]);
  return { ...found, said };
}

test('the kept cluster is used again, made anew when it has fallen ill, and removed by whoever asks for that', async () => {
  await ownKept();
  const first = await run(async ({ target }) => {
    expect((await collectGarbage({ kept: true })).kept).toMatchObject({ inUseBy: target.sessionId, removed: false });
  });
  expect(first.nodes).toHaveLength(1);
  expect(first.said).toContain('this cluster will be kept');
  expect((await collectGarbage()).kept).toMatchObject({ name: keptName(), running: true, removed: false });

  const second = await run();
  expect(second.nodes).toEqual(first.nodes);
  expect(second.said).toContain('using the kept cluster again');
  expect(second.setting).toBe('kind, kept from an earlier run');

  // It runs but does not serve: only a request shows that.
  await docker(['exec', ...first.nodes, 'pkill', '-STOP', 'kube-apiserver'], patient);
  const third = await run();
  expect(third.nodes).toHaveLength(1);
  expect(third.nodes).not.toEqual(first.nodes);
  expect(third.said.join('\n')).toMatch(/the kept cluster was not healthy and is made anew/);

  expect((await collectGarbage({ kept: true })).kept).toMatchObject({ removed: true });
  expect(await nodes()).toEqual([]);
  expect((await collectGarbage()).kept).toBeUndefined();
});

test('a cluster that was made of other images is not used again', async () => {
  await ownKept();
  const image = {
    name: 'velero',
    reference: 'velero:1',
    id: 'sha256:a',
    architecture: 'amd64',
    digest: 'sha256:a',
    sizeBytes: 1,
  } as const;
  const said: string[] = [];
  const prepare = async (...images: FoundImage[]) =>
    await prepareKept(images, patient, (message) => void said.push(message));
  expect(await prepare(image)).toBe(false);
  expect(said).toEqual([]);
  expect(await prepare({ ...image, digest: 'sha256:b' })).toBe(false);
  expect(await prepare({ ...image, digest: 'sha256:b' }, { ...image, name: 'nats' })).toBe(false);
  expect(said).toEqual([
    'the kept cluster is made anew: it was made of other images',
    'the kept cluster is made anew: its node does not run',
  ]);
});
