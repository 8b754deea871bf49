import type { RanBy } from '../../model/audit.ts';
import type { PostureRecord } from '../../model/posture.ts';
import type { DrillRecord } from '../../model/record.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { LedgerEntry, PromiseFacts } from '../entry.ts';

/**
 * The ways in which a run ends. `unknown`: the ledger has no end of the run. It is still running, or no later run found that it was killed.
 */
export const runEndings = ['finished', 'failed', 'interrupted', 'killed', 'unknown'] as const;
export type RunEnding = (typeof runEndings)[number];

/** The data of one run for exports, from a run record or a ledger. */
export interface ExportedRun {
  readonly runId: string;
  readonly began: string;
  /** Null while the end of the run is unknown. */
  readonly ended: string | null;
  readonly ending: RunEnding;
  readonly command: string;
  readonly target: string | null;
  readonly commit: string | null;
  readonly dirty: boolean | null;
  readonly harnessVersion: string | null;
  readonly measurementVersion: number | null;
  readonly ranBy: RanBy | null;
  /** Every promise of the project when the run began; null if only the run record is known. */
  readonly promises: readonly PromiseFacts[] | null;
  /** Contracts that were selected by name; null for all. */
  readonly selected: readonly string[] | null;
  readonly drills: readonly DrillRecord[];
  readonly postures: readonly PostureRecord[];
  readonly leftOut: NonNullable<RunRecord['leftOut']>;
  readonly mistakes: NonNullable<RunRecord['mistakes']>;
  /** Why the run did not finish; empty if it did. */
  readonly failures: readonly string[];
}

/** Returns the run of a run record. */
export function exportedFromRecord(run: RunRecord): ExportedRun {
  const [first] = run.drills;
  return {
    runId: run.runId,
    began: run.began,
    commit: first?.environment.commit ?? null,
    dirty: first?.environment.dirty ?? null,
    harnessVersion: first?.environment.harnessVersion ?? null,
    measurementVersion: null,
    ranBy: null,
    promises: null,
    selected: null,
    drills: run.drills,
    ...endOf(run),
  };
}

/** The selection of a run: by its id, or by its distance from the newest one. */
export type WantedRun = { readonly runId: string } | { readonly before: number };

/**
 * Returns one run of a ledger that is read from its last entry. Reading stops at the beginning of the run.
 * @returns undefined when the ledger has no such run.
 */
export async function exportedFromLedger(
  newestFirst: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  wanted: WantedRun,
): Promise<ExportedRun | undefined> {
  /** Parts of runs whose beginning was not read yet; runs may overlap. */
  const parts = new Map<string, Parts>();
  let begun = 0;
  for await (const { body } of newestFirst) {
    if (!('runId' in body) || body.kind === 'sign-off') continue;
    if ('runId' in wanted && body.runId !== wanted.runId) continue;
    const known = parts.get(body.runId) ?? { ending: undefined, drills: [] };
    if (body.kind === 'run-started') {
      if ('runId' in wanted || begun === wanted.before) return exportedFrom(body, known);
      begun += 1;
      parts.delete(body.runId);
      continue;
    }
    if (body.kind === 'drill') known.drills.push(body.record);
    else known.ending ??= body;
    parts.set(body.runId, known);
  }
  return undefined;
}

type Started = Extract<LedgerEntry['body'], { kind: 'run-started' }>;
type Ending = Extract<LedgerEntry['body'], { kind: 'run-finished' | 'run-killed' }>;

interface Parts {
  ending: Ending | undefined;
  /** Sorted from the newest. */
  readonly drills: DrillRecord[];
}

function exportedFrom(started: Started, { ending, drills: newestFirst }: Parts): ExportedRun {
  const { runId, commit, dirty, harnessVersion, measurementVersion, ranBy, promises, selected, command, at } = started;
  const drills = newestFirst.toReversed();
  const known = { runId, commit, dirty, harnessVersion, measurementVersion, ranBy, promises, selected, drills };
  if (ending !== undefined)
    return { ...known, began: ending.run.began, ...endOf(ending.run, ending.kind === 'run-killed') };
  return {
    ...known,
    began: at,
    ended: null,
    ending: 'unknown',
    command,
    target: drills[0]?.environment.target ?? null,
    postures: [],
    leftOut: [],
    mistakes: [],
    failures: [
      'The ledger does not record the end of this run: it is still running, or it was killed and no later run has recorded that.',
    ],
  };
}

function endOf(run: Omit<RunRecord, 'drills'>, isKilled = false) {
  const ending = endingOf(run, isKilled);
  const why = run.failure?.messages ?? [];
  return {
    ended: run.ended,
    ending,
    command: run.command,
    target: run.target,
    postures: run.postures ?? [],
    leftOut: run.leftOut ?? [],
    mistakes: run.mistakes ?? [],
    // A killed run is not finished, even if its record does not say so.
    failures: why.length === 0 && ending !== 'finished' ? [WITHOUT_REASON[ending]] : why,
  };
}

const WITHOUT_REASON: Readonly<Record<Exclude<RunEnding, 'unknown' | 'finished'>, string>> = {
  killed: 'The run was killed.',
  interrupted: 'The run was interrupted.',
  failed: 'The run failed, and its record gives no reason.',
};

/** @param isKilled whether a later run found that this run was killed. */
export function endingOf({ failure }: Pick<RunRecord, 'failure'>, isKilled: boolean): Exclude<RunEnding, 'unknown'> {
  if (isKilled || failure?.killed === true) return 'killed';
  if (failure === undefined) return 'finished';
  return failure.interrupted ? 'interrupted' : 'failed';
}
