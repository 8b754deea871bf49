import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import { noNodes, sharedKubernetes } from '../systems/kubernetes/service.ts';
import { sharedNats } from '../systems/nats/service.ts';
import { s3Store } from '../systems/s3/service.ts';
import { attachTo } from './attach.ts';
import type { Part, PartStart, RuntimeParts } from './parts.ts';
import type { SharedPart, SharedPlaces } from './shared-places.ts';
import { openTarget, startTarget } from './start.ts';
import type { OwnPlaces, TargetRuntime } from './target-runtime.ts';

let scratch: string;
/** Events, in their order. */
let log: string[];

beforeEach(async () => {
  log = [];
  scratch = await mkdtemp(join(tmpdir(), 'drc-start-'));
  vi.stubEnv('DR_CONTRACTS_SCRATCH', scratch);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(scratch, { recursive: true, force: true });
  });
});

const places: SharedPlaces = {
  s3: {
    endpoint: 'http://127.0.0.1:4566',
    region: 'us-west-2',
    accessKeyId: 'key',
    secretAccessKey: 'secret',
    backupBucket: 'backups',
  },
  nats: { url: 'nats://127.0.0.1:4222', settings: {} },
  kubernetes: {
    kubeconfigPath: '/kubeconfig',
    veleroNamespace: 'velero',
    backupPrefix: 'velero/x',
    settings: { nodes: 'none' },
  },
  velero: { settings: { 'velero backup sync': '30s' } },
  'velero-gcs': {
    store: { endpoint: 'http://127.0.0.1:4443', projectId: 'drills', backupBucket: 'backups' },
    plugin: '/plugin',
  },
  'enforced-access': { program: '/weed', version: '4.48', source: 'cache' },
};

const notHere = async (): Promise<never> => {
  throw new Error('this runtime starts nothing of a drill');
};
const own: OwnPlaces = { nats: notHere, natsCluster: notHere, kubernetes: notHere, regions: notHere };

type Started = Partial<{ readonly [Name in SharedPart]: (start: PartStart) => Promise<void> }>;

/** Makes a part in memory. It is ready when `work` is done, and reports its begin and its end. */
const part = <Name extends SharedPart>(name: Name, work: Started[SharedPart]): Part<SharedPlaces[Name]> => ({
  start: async (start) => {
    log.push(`${name} begins`);
    await work?.(start);
    log.push(`${name} is there`);
    return { place: places[name], end: async () => void log.push(`${name} ends`) };
  },
});

function inMemory(work: Started = {}, more: Partial<RuntimeParts> = {}): TargetRuntime {
  const parts: RuntimeParts = {
    // Listed first, so that a test also chooses the order.
    ...more,
    s3: part('s3', work.s3),
    nats: part('nats', work.nats),
    kubernetes: part('kubernetes', work.kubernetes),
    velero: part('velero', work.velero),
    ...more,
  };
  return {
    name: 'local',
    otherwise: 'Ask for something else.',
    endBudgetMs: 1_000,
    sessionBudgetMs: 1_000,
    linesOf: () => [],
    prepare: async () => ({
      open: async (_, scope) => {
        scope.defer('ground', async () => void log.push('the ground ends'));
        return { parts, handle: { ground: 'memory' }, toolPaths: { extra: '/extra' }, toolsInUse: () => [] };
      },
    }),
    attach: () => ({ differencesFromProduction: ['it is none'], nodesOf: () => noNodes, own }),
  };
}

const needsOfVelero = async ({ needed }: PartStart): Promise<void> => {
  await Promise.all([needed('s3'), needed('kubernetes')]);
};

const never = new AbortController().signal;
const options = (said: string[] = [], signal = never) => ({
  clock: systemClock,
  signal,
  progress: (message: string) => void said.push(message),
  hostSandbox: { kind: 'none', reason: 'this test runs nothing' } as const,
});
const toolchain = { path: (name: string) => `/tools/${name}`, inUse: [] };

const untilAbort = async ({ signal }: PartStart): Promise<void> => {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  await promise;
};

test('parts start side by side; one that needs others gets them, and all end in the reverse order', async () => {
  const said: string[] = [];
  const s3 = Promise.withResolvers<void>();
  const runtime = inMemory({
    s3: () => s3.promise,
    // Resolves only when all parts have begun.
    nats: async () => s3.resolve(),
    velero: needsOfVelero,
  });
  const started = await startTarget(runtime, { ...options(said), toolchain, parts: ['velero', 'nats'] });
  expect(log.slice(0, 4)).toEqual(['s3 begins', 'nats begins', 'kubernetes begins', 'velero begins']);
  expect(log.at(-1)).toBe('velero is there');
  expect(said).toEqual(
    expect.arrayContaining(['s3 is ready', 'nats is ready', 'kubernetes is ready', 'velero is ready']),
  );
  expect(Object.keys(started.startedIn).toSorted()).toEqual(['kubernetes', 'nats', 's3', 'totalMs', 'velero']);
  log = [];
  await started[Symbol.asyncDispose]();
  await started[Symbol.asyncDispose]();
  expect(log).toEqual(['velero ends', 'kubernetes ends', 'nats ends', 's3 ends', 'the ground ends']);
  expect(readdirSync(scratch)).toEqual([]);
});

test('what a part needs is registered before it, whatever the runtime names first', async () => {
  const runtime = inMemory({}, { velero: part('velero', needsOfVelero) });
  const started = await startTarget(runtime, { ...options(), toolchain, parts: ['velero'] });
  expect(log.slice(0, 3)).toEqual(['kubernetes begins', 's3 begins', 'velero begins']);
  await started[Symbol.asyncDispose]();
  expect(log.slice(-4)).toEqual(['velero ends', 's3 ends', 'kubernetes ends', 'the ground ends']);
});

test('another process attaches by the handle, and sees what was asked for and no more', async () => {
  const runtime = inMemory({ velero: needsOfVelero });
  const started = await startTarget(runtime, { ...options(), toolchain, parts: ['velero'] });
  onTestFinished(() => started[Symbol.asyncDispose]());
  const target = attachTo(runtime, JSON.parse(JSON.stringify(started.handle)), { clock: systemClock });
  expect(target).toMatchObject({
    name: 'local',
    capabilities: ['s3', 'kubernetes', 'velero'],
    differencesFromProduction: ['it is none'],
  });
  expect(target.tool('extra')).toBe('/extra');
  expect(await target.place(s3Store)).toEqual(places.s3);
  expect((await target.place(sharedKubernetes)).settings).toEqual({ nodes: 'none', 'velero backup sync': '30s' });
  await expect(target.place(sharedNats)).rejects.toThrow('local target, part nats: expected to have been started');
});

test('a part that fails is explained; what still starts is aborted and waited for, and everything ends', async () => {
  const starting = startTarget(
    inMemory({
      s3: async () => {
        throw new Error('the disk is full');
      },
      kubernetes: untilAbort,
      velero: needsOfVelero,
    }),
    { ...options(), toolchain, parts: ['nats', 'velero'] },
  );
  await expect(starting).rejects.toThrow(ExplainedError);
  await expect(starting).rejects.toThrow('local target: expected every part to start, but the disk is full');
  expect(log.slice(-2)).toEqual(['nats ends', 'the ground ends']);
  expect(log).not.toContain('kubernetes is there');
  expect(readdirSync(scratch)).toEqual([]);
});

test('a failure at the end never hides why a part did not start', async () => {
  const reason = new ExplainedError({ thing: 's3', expected: 'to start', observed: 'exit 3', nextStep: 'Look.' });
  const failing: Part<SharedPlaces['nats']> = {
    start: async () => ({
      place: places.nats,
      end: async () => {
        throw new Error('nats does not end');
      },
    }),
  };
  const runtime = inMemory(
    {
      s3: async () => {
        throw reason;
      },
    },
    { nats: failing },
  );
  const error: unknown = await startTarget(runtime, { ...options(), toolchain, parts: ['nats', 's3'] }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AggregateError);
  expect(error).toMatchObject({
    cause: reason,
    errors: [reason, { message: expect.stringContaining('nats does not end') }],
  });
  expect(log.at(-1)).toBe('the ground ends');
});

test('an abort while parts start is thrown as it is, and nothing stays', async () => {
  const abort = new AbortController();
  const runtime = inMemory({ nats: async () => abort.abort(new Error('Ctrl-C')), kubernetes: untilAbort });
  const starting = startTarget(runtime, {
    ...options([], abort.signal),
    toolchain,
    parts: ['s3', 'nats', 'kubernetes'],
  });
  await expect(starting).rejects.toThrow(/^Ctrl-C$/);
  expect(log.filter((line) => line.endsWith(' ends'))).toEqual(['nats ends', 's3 ends', 'the ground ends']);
  expect(readdirSync(scratch)).toEqual([]);
});

test('what a runtime has registered ends when it cannot start what the parts stand on', async () => {
  const runtime: TargetRuntime = {
    ...inMemory(),
    prepare: async () => ({
      open: async (session, scope) => {
        expect(existsSync(session.dir)).toBe(true);
        scope.defer('ground', async () => void log.push('the ground ends'));
        throw new Error('no network can be made');
      },
    }),
  };
  const starting = startTarget(runtime, { ...options(), toolchain, parts: ['nats'] });
  await expect(starting).rejects.toThrow(/^no network can be made$/);
  expect(log).toEqual(['the ground ends']);
  expect(readdirSync(scratch)).toEqual([]);
});

test('a part uses another one where somebody will ask for that, and does without where it cannot be had', async () => {
  const seen: unknown[] = [];
  const work: Started = {
    velero: async (start) => {
      await needsOfVelero(start);
      seen.push(await start.ifWanted('velero-gcs'));
    },
  };
  const start = async (gcs: Part<SharedPlaces['velero-gcs']>, parts: readonly string[]) => {
    const runtime = inMemory(work, { 'velero-gcs': gcs });
    const opened = await openTarget(runtime, { ...options(), needs: parts, programs: async () => toolchain });
    onTestFinished(() => opened[Symbol.asyncDispose]());
    await opened.untilReady(['velero']);
    return opened;
  };
  const there = part('velero-gcs', undefined);
  await start(there, ['velero']);
  await start(there, ['velero', 'velero-gcs']);
  const broken = part('velero-gcs', async () => {
    throw new Error('no such server');
  });
  const opened = await start(broken, ['velero', 'velero-gcs']);
  expect(seen).toEqual([undefined, places['velero-gcs'], undefined]);
  await expect(opened.untilReady(['velero-gcs'])).rejects.toThrow('no such server');
});

test('a part starts once, when it is first asked for, and a failed one takes no other along', async () => {
  const opened = await openTarget(
    inMemory({
      s3: async () => {
        throw new Error('the disk is full');
      },
    }),
    { ...options(), needs: ['nats', 's3'], programs: async () => toolchain },
  );
  onTestFinished(() => opened[Symbol.asyncDispose]());
  expect(log).toEqual([]);
  const [one, two] = await Promise.all([opened.untilReady(['nats']), opened.untilReady(['nats'])]);
  expect(log).toEqual(['nats begins', 'nats is there']);
  await expect(opened.untilReady(['nats', 's3'])).rejects.toThrow('the disk is full');
  expect([one.handle, (await opened.untilReady(['nats'])).handle]).toEqual([two.handle, two.handle]);
  expect(one.target.capabilities).toEqual(['nats']);
});

test('a part that the target has not is refused with what to do, and so is a need that no provider states', async () => {
  const alien = startTarget(inMemory(), { ...options(), toolchain, parts: ['nats', 'pods'] });
  await expect(alien).rejects.toThrow(
    /local target: expected only the parts nats, .*pods was requested.*Ask for something else/s,
  );
  expect(log).toEqual([]);
  const runtime = inMemory({ nats: async ({ needed }) => void (await needed('s3')) });
  const unstated = startTarget(runtime, { ...options(), toolchain, parts: ['nats'] });
  await expect(unstated).rejects.toThrow('the provider of nats does not say that it needs s3');
});
