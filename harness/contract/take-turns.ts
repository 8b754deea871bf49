import type { Activities } from '../base/activities.ts';
import { workThrough } from '../base/work-through.ts';
import type { Clock } from '../clock/clock.ts';
import { drillName, newRecord, type RunFacts } from '../drill/new-record.ts';
import { UnsavedRecordError } from '../drill/run-drill.ts';
import type { DrillTuning } from '../drill/tuning.ts';
import type { Contract } from '../model/contract.ts';
import { messagesOf } from '../model/errors.ts';
import type { DrillListener } from '../model/events.ts';
import type { PostureContract, PostureProject, PostureRecord } from '../model/posture.ts';
import type { DrillRecord } from '../model/record.ts';
import type { Secrets } from '../model/secrets.ts';
import type { Capability } from '../model/service.ts';
import type { OpenTarget, Target } from '../model/target.ts';
import { runPosture } from '../posture/run-posture.ts';
import { providerOf } from '../registered/providers.ts';
import { judge } from '../verdict/judge.ts';
import { untilAborted } from '../wait/until-aborted.ts';
import { drillContract, newDrillId, recordSaver } from './drill-contract.ts';
import { longestFirst, type PlannedDrill, plannedDrills } from './drill-order.ts';
import { namesManifests } from './prepare.ts';
import { needsOf } from './wanted-parts.ts';

/** Progress of a run's drills. */
export interface DrillCounts {
  readonly planned: number;
  readonly drilled: number;
  /** Number of drills that wait for a program that is being built. */
  readonly waiting: number;
}

/** A contract, the conditions of its drill, and the target for it. */
export interface ContractTurn {
  readonly contract: Contract;
  /** Settles when its programs are available and its manifests are read, or cannot be. */
  readonly near: Promise<unknown>;
  /** The contract with its manifests read; undefined when it contains a mistake. Rejects when they could not be read. */
  readonly prepared: Promise<Contract | undefined>;
  /**
   * The prepared contract, and the target with the parts that it needs. Undefined when the contract contains a mistake. Rejects with the
   * reason why a program or a part is not available.
   */
  readonly ready: Promise<{ readonly contract: Contract; readonly target: Target } | undefined>;
}

/** A posture. While it is checked, no other posture is checked and no drill uses a cluster that it needs: it may deploy the platform. */
export interface PostureTurn {
  readonly posture: PostureContract;
  readonly near: Promise<unknown>;
  /** The target with its available parts, and the reasons why the others are missing. */
  readonly ready: Promise<{ readonly target: Target; readonly missing: ReadonlyMap<Capability, string> }>;
}

export interface TurnOptions {
  readonly opened: OpenTarget;
  readonly project: PostureProject;
  readonly facts: RunFacts;
  readonly activities: Activities;
  /** Folder of the run. */
  readonly outDir: string;
  readonly scratchDir: string;
  readonly jobs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly listener: DrillListener;
  readonly secrets?: Secrets | undefined;
  readonly tuning?: Partial<DrillTuning> | undefined;
  /** Durations of drills in earlier runs, by their names. */
  readonly knownMs?: ReadonlyMap<string, number> | undefined;
  readonly onPosture?: ((record: PostureRecord) => void) | undefined;
  readonly onDrilled?: ((record: DrillRecord) => void) | undefined;
  readonly onCounts?: ((counts: DrillCounts) => void) | undefined;
}

export interface Outcomes {
  /** In the order of the contracts. */
  readonly records: readonly DrillRecord[];
  readonly postures: readonly PostureRecord[];
}

type Item = PostureTurn | (PlannedDrill & { readonly turn: ContractTurn });

/**
 * Checks the postures and runs the drills, `jobs` at a time, each as soon as its programs and parts are available. Postures come first and
 * in sequence, so that drills of the cluster run on the promised platform. Drills start before a posture only while its programs are still
 * being built. Drills with places of their own run beside a posture.
 */
export async function takeTurns(
  postures: readonly PostureTurn[],
  contracts: readonly ContractTurn[],
  options: TurnOptions,
): Promise<Outcomes> {
  // Parts whose programs are not available are not requested.
  for (const { prepared } of contracts) prepared.catch(() => undefined);
  const turns = new Map(contracts.map((turn) => [turn.contract, turn]));
  const planned = plannedDrills(contracts.map(({ contract }) => contract));
  const drills = longestFirst(planned, options.knownMs).flatMap((drill) => {
    const turn = turns.get(drill.contract);
    return turn === undefined ? [] : [{ ...drill, turn }];
  });
  const checked = new Map<PostureContract, PostureRecord>();
  const records = new Map<string, DrillRecord>();
  const tell = countsTeller(contracts, planned.length, options);
  await workThrough<Item>(
    [...postures, ...drills],
    options.jobs,
    options.signal,
    async (item, signal) => {
      if ('posture' in item) {
        checked.set(item.posture, await checkPosture(item, { ...options, signal }));
        return;
      }
      const record = await drillInTurn(item, item.turn, { ...options, signal });
      if (record !== undefined) {
        options.onDrilled?.(record);
        records.set(drillName(item.contract.name, item.disaster), record);
      }
      tell.drilled();
    },
    (item) =>
      'posture' in item
        ? { near: item.near, ready: item.ready, notBeside: (other) => 'posture' in other || shareCluster(item, other) }
        : { near: item.turn.near, ready: item.turn.ready },
  );
  return {
    records: planned.flatMap(({ contract, disaster }) => records.get(drillName(contract.name, disaster)) ?? []),
    postures: postures.flatMap(({ posture }) => checked.get(posture) ?? []),
  };
}

/** Streams and buckets belong to one drill. The cluster is shared, and a posture inspects all of it. */
const shareCluster = ({ posture }: PostureTurn, { contract }: PlannedDrill): boolean =>
  [posture.needs, needsOf(contract)].every((needs) => needs.some((need) => providerOf(need)?.isShared === true));

async function checkPosture({ posture, ready }: PostureTurn, options: TurnOptions): Promise<PostureRecord> {
  const { activities, project, onPosture } = options;
  const { target, missing } = await untilAborted(ready, options.signal);
  const record = await activities.time('checking', posture.name, () =>
    runPostureOn(posture, { ...options, target, project, missing }),
  );
  onPosture?.(record);
  return record;
}

/** @returns undefined when the contract contains a mistake, which is reported elsewhere. */
async function drillInTurn(
  { contract, disaster }: PlannedDrill,
  turn: ContractTurn,
  options: TurnOptions,
): Promise<DrillRecord | undefined> {
  const { signal, activities, facts, outDir: runDir, scratchDir, clock, listener, tuning, secrets } = options;
  let ready: Awaited<ContractTurn['ready']>;
  try {
    ready = await untilAborted(turn.ready, signal);
  } catch (error) {
    const { target } = await options.opened.untilReady([]);
    const messages = messagesOf(signal.aborted ? signal.reason : error);
    const known = await Promise.race([turn.prepared.catch(() => contract), nextTick(contract)]);
    if (known === undefined) return undefined;
    return notDrilled(
      { contract: known, disaster },
      { stage: 'start', messages, aborted: signal.aborted },
      target,
      options,
    );
  }
  if (ready === undefined) return undefined;
  const { target } = ready;
  const lacking = needsOf(contract).filter((need) => !target.capabilities.includes(need));
  if (lacking.length > 0) {
    const messages = [`the contract needs ${lacking.join(' and ')}, which the target "${target.name}" does not have`];
    return notDrilled(
      { contract: ready.contract, disaster },
      { stage: 'needs', messages, aborted: false },
      target,
      options,
    );
  }
  const drill = { disaster, contract: ready.contract, target, facts, runDir, scratchDir, clock, signal, listener };
  try {
    return await activities.time('drilling', drillName(contract.name, disaster), () =>
      drillContract({
        ...drill,
        tuning,
        secrets,
        besideOf: (beganMs, endedMs) => besides(activities, beganMs, endedMs),
      }),
    );
  } catch (error) {
    if (error instanceof UnsavedRecordError) options.onDrilled?.(error.record);
    throw error;
  }
}

/** Returns the value after a tick, so that an already settled promise wins a race against it. */
const nextTick = async <T>(value: T): Promise<T> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  await promise;
  return value;
};

/** Returns the run's other activities on the machine in that time, for a record. */
const besides = (activities: Activities, beganMs: number, endedMs: number): readonly string[] => [
  ...new Set(
    activities
      .loadBetween(beganMs, endedMs)
      .map(({ kind, what }) => (kind === 'starting' ? `starting ${what}` : `building ${what}`)),
  ),
];

/** Returns a record for a contract that could not be drilled: `unproven`, with the reason. It is never left out. */
async function notDrilled(
  { contract, disaster: disasterName }: PlannedDrill,
  reason: { readonly stage: string; readonly messages: readonly string[]; readonly aborted: boolean },
  target: Target,
  { facts, clock, listener, outDir, secrets }: TurnOptions,
): Promise<DrillRecord> {
  const disaster = contract.asset.disasters.find(({ name }) => name === disasterName);
  if (disaster === undefined) throw new Error(`${contract.name} has no disaster ${disasterName}`);
  const record = newRecord(contract, disaster, target, facts, newDrillId(), clock.now());
  const { schedule } = record.contract;
  if (namesManifests(contract) && typeof schedule === 'object')
    record.contract.schedule = { ...schedule, unread: true };
  const messages = [...reason.messages, ...(record.failure?.messages ?? [])];
  record.failure = {
    stage: reason.stage,
    blame: 'harness',
    messages: messages.map((message) => secrets?.redact(message) ?? message),
    aborted: reason.aborted,
  };
  record.state = 'complete';
  record.moments.ended = clock.now();
  record.judgement = judge(record);
  await recordSaver(outDir)(record);
  listener({
    kind: 'judged',
    drill: drillName(contract.name, disasterName),
    judgement: record.judgement,
    durationMs: 0,
  });
  return record;
}

/** Reports the progress of the drills whenever it changes. */
function countsTeller(contracts: readonly ContractTurn[], planned: number, { onCounts }: TurnOptions) {
  const built = new Set<Contract>();
  let drilled = 0;
  let isDue = false;
  // Programs that become available together are reported together.
  const tell = () => {
    if (isDue) return;
    isDue = true;
    setImmediate(tellNow);
  };
  const tellNow = () => {
    isDue = false;
    const waiting = contracts
      .filter(({ contract }) => !built.has(contract))
      .reduce((sum, { contract }) => sum + contract.survives.length, 0);
    onCounts?.({ planned, drilled, waiting });
  };
  for (const { contract, near } of contracts) {
    const isBuilt = () => {
      built.add(contract);
      tell();
    };
    near.then(isBuilt, isBuilt);
  }
  return {
    drilled: () => {
      drilled += 1;
      tell();
    },
  };
}

interface PostureRun {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly scratchDir: string;
  readonly listener: DrillListener;
  readonly secrets?: Secrets | undefined;
  readonly target: Target;
  readonly project: PostureProject;
  /** Reasons why the target lacks parts that the posture needs. */
  readonly missing: ReadonlyMap<Capability, string>;
}

/** Checks one posture on a target, and reports the progress to the listener. */
async function runPostureOn(
  contract: PostureContract,
  { listener, secrets, target, project, missing, scratchDir, clock, signal }: PostureRun,
): Promise<PostureRecord> {
  const progress = (message: string) => listener({ kind: 'progress', drill: 'posture', message });
  return await runPosture(contract, {
    target,
    project,
    missing,
    scratchDir,
    clock,
    signal,
    progress,
    ...(secrets === undefined ? {} : { secrets }),
  });
}
