import type { PostureRecord } from '../../model/posture.ts';
import type { DrillRecord, RunRecord } from '../../model/record.ts';
import type { LedgerEntry, PromiseFacts, RanBy } from '../entry.ts';

/** What an export knows of one run, whether it was read from a run record or from a ledger. */
export interface ExportedRun {
  readonly runId: string;
  readonly began: string;
  /** Null while nobody knows how the run ended. */
  readonly ended: string | null;
  readonly command: string;
  readonly target: string | null;
  readonly commit: string | null;
  readonly dirty: boolean | null;
  readonly harnessVersion: string | null;
  readonly measurementVersion: number | null;
  readonly ranBy: RanBy | null;
  /** Every promise of the project when the run began; null where only the run record is known. */
  readonly promises: readonly PromiseFacts[] | null;
  /** Contracts that were asked for by name; null for all. */
  readonly selected: readonly string[] | null;
  readonly drills: readonly DrillRecord[];
  readonly postures: readonly PostureRecord[];
  readonly leftOut: NonNullable<RunRecord['leftOut']>;
  readonly mistakes: NonNullable<RunRecord['mistakes']>;
  /** Why the run did not come to its end; empty when it did. */
  readonly failures: readonly string[];
}

/** A run as its run record tells it. */
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

/**
 * One run of a ledger: `runId`, or the one that began last. Keeps the records of one run, however long the ledger is.
 * @returns undefined when the ledger has no such run.
 */
export async function exportedFromLedger(
  entries: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  runId?: string,
): Promise<ExportedRun | undefined> {
  const collector = new LastRun(runId);
  for await (const entry of entries) collector.add(entry);
  return collector.run();
}

type Started = Extract<LedgerEntry['body'], { kind: 'run-started' }>;
type Ending = Extract<LedgerEntry['body'], { kind: 'run-finished' | 'run-killed' }>;

/** Keeps the run that began last, of those that it may keep. */
class LastRun {
  readonly #wanted: string | undefined;
  #started: Started | undefined;
  #ending: Ending | undefined;
  #drills: DrillRecord[] = [];

  constructor(wanted?: string) {
    this.#wanted = wanted;
  }

  add({ body }: LedgerEntry): void {
    if (body.kind === 'run-started') {
      if (this.#wanted !== undefined && body.runId !== this.#wanted) return;
      this.#started = body;
      this.#ending = undefined;
      this.#drills = [];
      return;
    }
    if (!('runId' in body) || body.runId !== this.#started?.runId) return;
    if (body.kind === 'drill') this.#drills.push(body.record);
    else if (body.kind === 'run-finished' || body.kind === 'run-killed') this.#ending = body;
  }

  run(): ExportedRun | undefined {
    const started = this.#started;
    if (started === undefined) return undefined;
    const { runId, commit, dirty, harnessVersion, measurementVersion, ranBy, promises, selected, command, at } =
      started;
    const known = { runId, commit, dirty, harnessVersion, measurementVersion, ranBy, promises, selected };
    if (this.#ending !== undefined) {
      return { ...known, began: this.#ending.run.began, drills: this.#drills, ...endOf(this.#ending.run) };
    }
    return {
      ...known,
      began: at,
      ended: null,
      command,
      target: this.#drills[0]?.environment.target ?? null,
      drills: this.#drills,
      postures: [],
      leftOut: [],
      mistakes: [],
      failures: ['The ledger has no end of this run: it goes on, or it was killed and no later run has found it.'],
    };
  }
}

function endOf(run: Omit<RunRecord, 'drills'>) {
  return {
    ended: run.ended,
    command: run.command,
    target: run.target,
    postures: run.postures ?? [],
    leftOut: run.leftOut ?? [],
    mistakes: run.mistakes ?? [],
    failures: run.failure?.messages ?? [],
  };
}
