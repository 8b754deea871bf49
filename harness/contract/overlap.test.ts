import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { memoryTarget } from '../drill/testing/run-memory-drill.ts';
import type { Capability } from '../model/service.ts';
import type { Toolchain, ToolName } from '../model/target.ts';
import { capabilities } from '../registered/providers.ts';
import { type ContractRunOptions, runContracts } from './run-contracts.ts';
import { toolsOfParts, type WantedParts } from './wanted-parts.ts';

const FORMS = `
import { contract, posture } from '${resolve('harness/contract/contract.ts')}';
import { memoryContract, memoryWorld } from '${resolve('harness/drill/testing/memory-asset.ts')}';
const observe = async ({ project }) => {
  await project.drilledContracts();
  return { kind: 'comparison', of: 'things', compared: 1, differing: 0, firstDifferences: [], evidence: {}, notVerified: [] };
};
const check = (name, needs, more = {}) => ({ name, promise: 'It is so', needs, observe, ...more });
const inMemory = (name, needs, prepare) => {
  const { asset, protectedBy } = memoryContract(memoryWorld());
  const kept = { ...asset, needs };
  contract({ name, rto: '15m', rpo: '2h', priority: 'P1', owner: 'tests', survives: ['wiped'], protectedBy,
    asset: prepare === undefined ? kept : { ...kept, prepared: async () => prepare(kept) } });
};
`;

/** Runs contracts in memory, whose programs become available when the test says so. */
async function run(source: string) {
  const dir = await mkdtemp(join(tmpdir(), 'dr-contracts-overlap-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'all.spec.ts');
  await writeFile(file, `${FORMS}${source}`);
  const tools = new Map<ToolName, PromiseWithResolvers<void>>();
  const tool = (name: ToolName) => {
    const known = tools.get(name) ?? Promise.withResolvers<void>();
    known.promise.catch(() => undefined);
    tools.set(name, known);
    return known;
  };
  const log: string[] = [];
  const [reached, settled] = [new Map<string, () => void>(), new Set<string>()];
  const note = (what: string) => {
    log.push(what);
    settled.add(what);
    reached.get(what)?.();
  };
  const stop = new AbortController();
  const of = async (wanted: WantedParts): Promise<Toolchain> => {
    await Promise.all(toolsOfParts('local', wanted).map((name) => tool(name).promise));
    return { path: () => '/bin/true', inUse: [] };
  };
  const options: ContractRunOptions = {
    contractFiles: { folder: dir, files: [file], mistakes: [] },
    project: { folder: dir, outDir: dir },
    only: [],
    carriedBy: async () => ({ target: 'local', capabilities: capabilities(), mustRunAll: false, drillsAtOnce: 2 }),
    obtain: async () => ({
      of,
      [Symbol.asyncDispose]: async () => note('programs gone'),
    }),
    startTarget: async () => ({
      untilReady: async (parts: readonly Capability[]) => {
        await of({ wanted: parts, rendersManifests: false });
        return { target: { ...memoryTarget, capabilities: parts } };
      },
      [Symbol.asyncDispose]: async () => note('target gone'),
    }),
    runId: 'r',
    outDir: dir,
    scratchDir: dir,
    jobs: 2,
    clock: systemClock,
    signal: stop.signal,
    listener: () => undefined,
    trigger: 'test',
    onDrilled: ({ contract }) => note(contract.name),
    onPosture: ({ contract }) => note(contract.name),
    tuning: {
      markerIntervalMs: 5,
      probeIntervalMs: 5,
      probeRestIntervalMs: 20,
      serviceBudgetMs: 300,
      markersAround: 3,
    },
  };
  return {
    log,
    stop,
    done: runContracts(options),
    arrive: (...names: readonly ToolName[]) => {
      for (const name of names) tool(name).resolve();
    },
    fail: (name: ToolName) => tool(name).reject(new Error(`${name} cannot be built`)),
    until: async (what: string) => {
      if (settled.has(what)) return;
      const { promise, resolve: found } = Promise.withResolvers<void>();
      reached.set(what, found);
      await promise;
    },
  };
}

const S3: readonly ToolName[] = ['localstack-python', 'aws'];
const KUBERNETES: readonly ToolName[] = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'];

it('a posture is passed by drills only while its programs are being built, and then comes before those that are left', async () => {
  const { log, done, arrive, until } = await run(`
    posture({ name: 'cluster-posture', owner: 'o', checks: [check('one', ['kubernetes'])] });
    inMemory('bucket', ['s3']);
    inMemory('cluster', ['kubernetes']);
  `);
  arrive(...S3);
  await until('bucket');
  arrive(...KUBERNETES);
  await done;
  expect(log).toEqual(['bucket', 'cluster-posture', 'cluster', 'target gone', 'programs gone']);
});

it('a posture that reads the contracts keeps nobody waiting for the program that reads their manifests', async () => {
  const { log, done, arrive, until } = await run(`
    posture({ name: 'runbook', owner: 'o', checks: [check('one', [], { readsContracts: true })] });
    inMemory('bucket', ['s3']);
    inMemory('manifests', ['s3'], (kept) => kept);
  `);
  arrive(...S3);
  await until('bucket');
  arrive('kubectl');
  await done;
  expect(log.slice(0, 3)).toEqual(['bucket', 'runbook', 'manifests']);
});

it('a program that cannot be built: its contracts and checks are unproven and say why, and the others are met', async () => {
  const { done, arrive, fail } = await run(`
    posture({ name: 'off-site', owner: 'o', checks: [check('bucket', ['s3']), check('schedule', ['velero'])] });
    inMemory('bucket', ['s3']);
    inMemory('backups', ['velero']);
  `);
  arrive(...S3, ...KUBERNETES, 'velero-plugin-for-aws');
  fail('velero');
  const { records, postures } = await done;
  expect(records.map(({ contract, judgement }) => [contract.name, judgement?.verdict])).toEqual([
    ['bucket', 'met'],
    ['backups', 'unproven'],
  ]);
  expect(records[1]?.judgement?.sentence).toContain('velero cannot be built');
  expect(postures?.[0]?.checks.map(({ name, verdict }) => [name, verdict])).toEqual([
    ['bucket', 'met'],
    ['schedule', 'unproven'],
  ]);
  expect(postures?.[0]?.checks[1]?.sentence).toContain('velero cannot be built');
});

it('where every contract holds a mistake in its manifests, no target is started', async () => {
  const { log, done, arrive } = await run(`
    inMemory('orders', ['s3'], () => { throw Object.assign(new Error('no such CronJob'), { name: 'ExplainedError' }); });
  `);
  arrive('kubectl');
  await expect(done).rejects.toThrow('no such CronJob');
  expect(log).toEqual(['programs gone']);
});
