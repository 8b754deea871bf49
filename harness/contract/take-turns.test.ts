import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Activities } from '../base/activities.ts';
import { systemClock } from '../clock/clock.ts';
import { memoryContract, memoryWorld } from '../drill/testing/memory-asset.ts';
import { memoryFacts, memoryTarget } from '../drill/testing/run-memory-drill.ts';
import type { Contract } from '../model/contract.ts';
import { ExplainedError } from '../model/errors.ts';
import { readyTarget } from '../model/target.ts';
import { type ContractTurn, type DrillCounts, type TurnOptions, takeTurns } from './take-turns.ts';

/** Makes a contract over a store of its own, whose programs and parts become available when the test says so. */
function gated(name: string) {
  const near = Promise.withResolvers<void>();
  const prepared = Promise.withResolvers<Contract | undefined>();
  const ready = Promise.withResolvers<Awaited<ContractTurn['ready']>>();
  const contract = memoryContract(memoryWorld(), { name });
  const turn: ContractTurn = { contract, near: near.promise, prepared: prepared.promise, ready: ready.promise };
  return {
    turn,
    arrive: (drilled: Contract = contract) => {
      near.resolve();
      prepared.resolve(drilled);
      ready.resolve({ contract: drilled, target: memoryTarget });
    },
    fail: (error: Error, read: Contract | Error = error) => {
      near.reject(error);
      if (read instanceof Error) prepared.reject(read);
      else prepared.resolve(read);
      ready.reject(error);
    },
    mistaken: () => {
      near.resolve();
      prepared.resolve(undefined);
      ready.resolve(undefined);
    },
  };
}

async function turnOptions(changes: Partial<TurnOptions> = {}): Promise<TurnOptions> {
  const dir = await mkdtemp(join(tmpdir(), 'dr-contracts-turns-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return {
    opened: readyTarget(memoryTarget),
    project: { folder: dir, outDir: dir, contracts: async () => [], drilledContracts: async () => [] },
    facts: memoryFacts,
    activities: new Activities(systemClock),
    outDir: dir,
    scratchDir: dir,
    jobs: 2,
    clock: systemClock,
    signal: new AbortController().signal,
    listener: () => undefined,
    tuning: {
      markerIntervalMs: 5,
      probeIntervalMs: 5,
      probeRestIntervalMs: 20,
      serviceBudgetMs: 300,
      markersAround: 3,
    },
    ...changes,
  };
}

const noCompiler = new ExplainedError({
  thing: 'go build etcd',
  expected: 'exit 0',
  observed: 'it exited 1: no route',
  nextStep: 'Run it by hand.',
});

it('a contract is drilled and judged while the programs of another one are still being built', async () => {
  const [streams, cluster] = [gated('streams'), gated('cluster')];
  const drilled: string[] = [];
  const counts: DrillCounts[] = [];
  const first = Promise.withResolvers<void>();
  const options = await turnOptions({
    onDrilled: ({ contract }) => {
      drilled.push(contract.name);
      first.resolve();
    },
    onCounts: (each) => counts.push(each),
  });
  const done = takeTurns([], [cluster.turn, streams.turn], options);
  streams.arrive();
  await first.promise;
  expect(drilled).toEqual(['streams']);
  cluster.arrive();
  const { records } = await done;
  expect(drilled).toEqual(['streams', 'cluster']);
  // The table keeps the order of the contracts.
  expect(records.map(({ contract, judgement }) => [contract.name, judgement?.verdict])).toEqual([
    ['cluster', 'met'],
    ['streams', 'met'],
  ]);
  expect(counts).toContainEqual({ planned: 2, drilled: 0, waiting: 1 });
  expect(counts.at(-1)).toEqual({ planned: 2, drilled: 2, waiting: 0 });
});

it('a program that cannot be built leaves the contracts unproven that need it, and no others', async () => {
  const [streams, cluster] = [gated('streams'), gated('cluster')];
  const done = takeTurns([], [cluster.turn, streams.turn], await turnOptions());
  cluster.fail(noCompiler);
  streams.arrive();
  const { records } = await done;
  expect(records.map(({ judgement }) => judgement?.verdict)).toEqual(['unproven', 'met']);
  expect(records[0]?.failure).toMatchObject({ blame: 'harness', aborted: false });
  expect(records[0]?.judgement?.sentence).toMatch(/go build etcd: .*it exited 1: no route.*Run it by hand/);
});

it('what a schedule permits is judged only where its manifests could be read', async () => {
  const held = { cron: '', timeZone: 'UTC', heldBy: 'Velero Schedule daily in ops' };
  const promising = (name: string, protectedBy: Partial<Contract['protectedBy']>) => {
    const { contract, ...gate } = { ...gated(name), contract: memoryContract(memoryWorld(), { name }) };
    return { ...gate, contract: { ...contract, protectedBy: { ...contract.protectedBy, ...protectedBy } } };
  };
  const unread = promising('unread', { schedule: held, prepared: async () => unread.contract.protectedBy });
  const read = promising('read', { schedule: { ...held, cron: '0 0 1 * *' } });
  const turns = [unread, read].map(({ turn, contract }) => ({ ...turn, contract }));
  const done = takeTurns([], turns, await turnOptions());
  unread.fail(noCompiler);
  read.fail(noCompiler, read.contract);
  const { records } = await done;
  const exposures = records.map(({ judgement }) => judgement?.findings.find(({ name }) => name === 'exposure'));
  expect(exposures[0]).toMatchObject({ verdict: 'unproven', cause: 'exposure-unknown' });
  expect(exposures[1]).toMatchObject({ verdict: 'breached', cause: 'exposure-above-rpo' });
  expect(records.map(({ judgement }) => judgement?.verdict)).toEqual(['unproven', 'breached']);
});

it('a contract with a mistake in its manifests has no record, and the others are drilled', async () => {
  const [streams, mistaken] = [gated('streams'), gated('mistaken')];
  const done = takeTurns([], [mistaken.turn, streams.turn], await turnOptions());
  mistaken.mistaken();
  streams.arrive();
  expect((await done).records.map(({ contract }) => contract.name)).toEqual(['streams']);
});

it('an interruption while programs are being built leaves every drill a record that says so', async () => {
  const [streams, cluster] = [gated('streams'), gated('cluster')];
  const stop = new AbortController();
  const done = takeTurns([], [cluster.turn, streams.turn], await turnOptions({ signal: stop.signal }));
  stop.abort(new Error('interrupted by SIGINT'));
  const { records } = await done;
  expect(records).toHaveLength(2);
  for (const { failure, judgement } of records) {
    expect(failure).toMatchObject({ aborted: true, messages: ['interrupted by SIGINT'] });
    expect(judgement).toMatchObject({ verdict: 'unproven', cause: 'drill-interrupted' });
  }
});

it('a drill says what was being built beside it, and one that ran alone says nothing', async () => {
  const [streams, later] = [gated('streams'), gated('later')];
  const activities = new Activities(systemClock);
  const built = activities.begin('obtaining', 'kube-apiserver');
  const options = await turnOptions({
    activities,
    onDrilled: ({ contract }) => {
      if (contract.name !== 'streams') return;
      built({ failed: false, source: 'built' });
      later.arrive();
    },
  });
  const done = takeTurns([], [streams.turn, later.turn], options);
  streams.arrive();
  const { records } = await done;
  expect(records.map(({ environment }) => environment.beside)).toEqual([['building kube-apiserver'], undefined]);
});

it('drills that can begin together begin with the longest one of earlier runs', async () => {
  const [short, long] = [gated('short'), gated('long')];
  const began: string[] = [];
  const options = await turnOptions({
    jobs: 1,
    knownMs: new Map([
      ['short/wiped', 1_000],
      ['long/wiped', 60_000],
    ]),
    onDrilled: ({ contract }) => began.push(contract.name),
  });
  const done = takeTurns([], [short.turn, long.turn], options);
  short.arrive();
  long.arrive();
  await done;
  expect(began).toEqual(['long', 'short']);
});
