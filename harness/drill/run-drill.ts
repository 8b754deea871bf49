import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Scope } from '../base/scope.ts';
import type { Clock } from '../clock/clock.ts';
import type { Contract } from '../model/contract.ts';
import { ExplainedError, messagesOf, summaryOf } from '../model/errors.ts';
import type { DrillListener } from '../model/events.ts';
import { type DrillRecord, drillRecordSchema, type SizePoint } from '../model/record.ts';
import { redactRecord, Secrets } from '../model/secrets.ts';
import type { Target } from '../model/target.ts';
import { tellingCredentials } from './credentials.ts';
import { Drill } from './drill.ts';
import { drillName, newRecord, type RunFacts } from './new-record.ts';
import { Recorder } from './recorder.ts';
import { withoutSecretValues } from './recovery.ts';
import { type DrillTuning, defaultTuning } from './tuning.ts';

export interface DrillOptions {
  readonly contract: Contract;
  readonly disaster: string;
  readonly target: Target;
  readonly drillId: string;
  readonly run: RunFacts;
  /** Folder outside the blast radius. The drill makes its own folder below it and removes that at the end. */
  readonly scratchDir: string;
  /** Functions that make and remove the drill's own folder; on this machine's disk when left out. */
  readonly folders?: DrillFolders;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly listener: DrillListener;
  /** Called up to three times with a copy: at the start, after the restore, after the verdict. */
  readonly save: (record: DrillRecord) => Promise<void>;
  /** Secrets that all drills of a run share; a new set when left out. */
  readonly secrets?: Secrets;
  readonly scale?: number;
  /** Measurements of the same contract and disaster at smaller sizes. */
  readonly earlierSizes?: readonly SizePoint[];
  readonly tuning?: Partial<DrillTuning>;
  /** Returns what the run did on the machine until that reading of the clock, besides drilling. It slows the drill down. */
  readonly besideOf?: (endedMs: number) => readonly string[];
}

interface DrillFolders {
  make(path: string): Promise<unknown>;
  remove(path: string): Promise<unknown>;
}

const onDisk: DrillFolders = {
  make: (path) => mkdir(path, { recursive: true }),
  remove: (path) => rm(path, { recursive: true, force: true }),
};

/** The drill was carried out and judged, but its final record could not be saved. Later records cannot be saved either. */
export class UnsavedRecordError extends Error {
  override readonly name = 'UnsavedRecordError';
  readonly record: DrillRecord;

  constructor(record: DrillRecord, cause: unknown) {
    super(`the record of drill ${drillName(record.contract.name, record.disaster.name)} could not be saved`, { cause });
    this.record = record;
  }
}

/**
 * Runs one drill and judges it. After any failure it still removes everything that the drill made, and returns one final, frozen record.
 * @throws {UnsavedRecordError} with that record when it cannot be saved; {ExplainedError} when the contract does not know the disaster.
 */
export async function runDrill(options: DrillOptions): Promise<DrillRecord> {
  const { contract, clock, signal, drillId, folders = onDisk, secrets = new Secrets() } = options;
  const publishable = (record: DrillRecord): DrillRecord =>
    redactRecord(drillRecordSchema, withoutSecretValues(record, secrets), secrets);
  const listener = redactingListener(guarded(options.listener), secrets);
  const disaster = contract.asset.disasters.find(({ name }) => name === options.disaster);
  if (disaster === undefined) {
    throw new ExplainedError({
      thing: `contract "${contract.name}"`,
      expected: `one of the disasters of a ${contract.asset.system} asset (${contract.asset.disasters.map(({ name }) => name).join(', ')})`,
      observed: `it names "${options.disaster}"`,
      nextStep: 'Correct `survives`.',
    });
  }
  const name = drillName(contract.name, disaster.name);
  const tuning = { ...defaultTuning, ...options.tuning };
  const draft = newRecord(contract, disaster, options.target, options.run, drillId, clock.now());
  // The promise is public. A Secret that contains one of its words ("payments") must not hide it, because the runbook finds a drill by it.
  for (const text of textsIn([draft.contract, draft.disaster])) secrets.addName(text);
  draft.sizes = [...(options.earlierSizes ?? [])];
  const recorder = new Recorder(draft, { publishable, save: options.save });
  const scope = new Scope({
    what: `drill ${name}`,
    clock,
    signal,
    releaseBudgetMs: tuning.cleanupBudgetMs,
    settleBudgetMs: tuning.settleBudgetMs,
    onLateFailure: (message) => listener({ kind: 'progress', drill: name, message }),
  });
  const scratchDir = join(options.scratchDir, drillId);
  try {
    scope.defer('scratch folder of the drill', () => folders.remove(scratchDir));
    await folders.make(scratchDir);
    await recorder.saveDraft('started');
    const saveDraft = (state: 'restored') => recorder.saveDraft(state);
    const scale = options.scale ?? 1;
    if (draft.failure === null)
      await new Drill({
        ...options,
        target: await tellingCredentials(options.target, secrets),
        listener,
        name,
        record: draft,
        saveDraft,
        scope,
        tuning,
        scratchDir,
        secrets,
        scale,
      }).run();
  } catch (error) {
    draft.failure ??= { stage: 'start', blame: 'harness', messages: messagesOf(error), aborted: signal.aborted };
  }
  const beside = options.besideOf?.(clock.monotonicMs()) ?? [];
  if (beside.length > 0) draft.environment.beside = [...beside];
  const { observed, complete } = recorder.seal();
  listener({ kind: 'stage', drill: name, stage: 'clean-up' });
  const cleanupBeganMs = clock.monotonicMs();
  const cleanup = await scope.close();
  // The record of a drill that was ended early says so, even if the abort came during the clean-up.
  if (signal.aborted) {
    observed.failure ??= { stage: 'clean-up', blame: 'harness', messages: messagesOf(signal.reason), aborted: true };
  }
  const { record, unsaved } = await complete({
    cleanup: [...cleanup],
    ended: clock.now(),
    stage: { name: 'clean-up', durationMs: clock.monotonicMs() - cleanupBeganMs, outcome: 'completed' },
  });
  if (unsaved !== undefined) throw new UnsavedRecordError(record, unsaved);
  const { began, ended } = record.moments;
  const durationMs = (ended ?? began).monotonicMs - began.monotonicMs;
  if (record.judgement !== null) listener({ kind: 'judged', drill: name, judgement: record.judgement, durationMs });
  return record;
}

/** Wraps a listener. A failing view must not end a drill or prevent its clean-up: the record holds what the view was told. */
function guarded(listener: DrillListener): DrillListener {
  let isBroken = false;
  return (event) => {
    if (isBroken) return;
    try {
      listener(event);
    } catch (error) {
      isBroken = true;
      process.emitWarning(`the display of a drill failed and gets no further events: ${summaryOf(error)}`);
    }
  };
}

const redactingListener =
  (listener: DrillListener, secrets: Secrets): DrillListener =>
  (event) =>
    listener(event.kind === 'progress' ? { ...event, message: secrets.redact(event.message) } : event);

/** Returns every text in a value of plain data. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
