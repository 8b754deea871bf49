import { counted } from '../../model/text.ts';
import { formatDuration } from '../../model/units.ts';
import { DeviationList, deviationText, isOverdue } from '../deviations.ts';
import { type EntryOf, type LedgerEntry, missingRuns } from '../entry.ts';
import type { Fault, FaultName, Note } from './fault.ts';

/** Maximum duration of a run. */
const LONGEST_RUN_MS = 86_400_000;

interface OpenRun {
  readonly sequence: number;
  readonly at: string;
  readonly drills: Set<string>;
}

interface Cadence {
  readonly everyMs: number;
  /** Time of the last proof, or of the first sight of the promise. */
  readonly at: string;
}

/** Checks the entries of runs: each run begins once, ends once, has the drills that it counts, and is on schedule. */
export class RunCheck {
  readonly #faults: { readonly fault: Fault; readonly begunAt: number | undefined }[] = [];
  readonly notes: Note[] = [];
  readonly #open = new Map<string, OpenRun>();
  readonly #ended = new Set<string>();
  readonly #cadences = new Map<string, Cadence>();

  /** Returns whether the ledger holds the beginning of that run before the current entry. */
  knows(runId: string): boolean {
    return this.#open.has(runId) || this.#ended.has(runId);
  }

  /** Number of runs that began. */
  get runs(): number {
    return this.#open.size + this.#ended.size;
  }

  /**
   * Returns the faults. A run that began among removed entries may lack any of its own.
   * @param removedThrough number of the last removed entry; 0 for none.
   */
  faultsAfter(removedThrough: number): readonly Fault[] {
    const isCut = (begunAt: number | undefined) => removedThrough > 0 && (begunAt ?? 0) <= removedThrough;
    return this.#faults
      .filter(({ fault, begunAt }) => fault.name !== 'incomplete run' || !isCut(begunAt))
      .map(({ fault }) => fault);
  }

  follow({ sequence, body }: Pick<LedgerEntry, 'sequence' | 'body'>): void {
    if (body.kind === 'run-started') this.#started(sequence, body);
    else if (body.kind === 'drill') this.#drilled(sequence, body);
    else if (body.kind === 'run-finished' || body.kind === 'run-killed') this.#ends(sequence, body);
  }

  end(nowUtc: string): void {
    for (const [contract, cadence] of this.#cadences) this.#proved(contract, nowUtc, cadence, null);
    for (const [runId, { sequence, at }] of this.#open) {
      const why =
        msBetween(at, nowUtc) <= LONGEST_RUN_MS
          ? 'it still runs, or it was killed and the next run will record that'
          : 'its machine may be gone';
      this.notes.push({
        name: 'run without an end',
        sentence: `Run ${runId} (entry ${sequence}) began at ${at} and has no end: ${why}.`,
      });
    }
  }

  #started(sequence: number, { runId, at, promises }: EntryOf<'run-started'>): void {
    if (this.#open.has(runId) || this.#ended.has(runId)) {
      this.#tell('inserted', sequence, `Entry ${sequence} begins run ${runId} a second time.`);
      return;
    }
    this.#open.set(runId, { sequence, at, drills: new Set() });
    const promised = new Map(
      promises.flatMap(({ contract, cadenceMs }) => (cadenceMs === null ? [] : [[contract, cadenceMs]])),
    );
    for (const contract of this.#cadences.keys()) if (!promised.has(contract)) this.#cadences.delete(contract);
    for (const [contract, everyMs] of promised) {
      this.#cadences.set(contract, { everyMs, at: this.#cadences.get(contract)?.at ?? at });
    }
  }

  #drilled(sequence: number, { runId, at, record }: EntryOf<'drill'>): void {
    this.#proved(record.contract.name, at, this.#cadences.get(record.contract.name), sequence);
    const run = this.#open.get(runId);
    if (run === undefined) {
      if (this.#ended.has(runId))
        this.#tell('inserted', sequence, `Entry ${sequence} is a drill of run ${runId}, which had ended.`);
      else this.#unknown(sequence, runId);
    } else if (run.drills.has(record.drillId)) {
      this.#tell('inserted', sequence, `Entry ${sequence} is drill ${record.drillId} of run ${runId} a second time.`);
    } else run.drills.add(record.drillId);
  }

  #ends(sequence: number, { runId, at, run }: EntryOf<'run-finished'> | EntryOf<'run-killed'>): void {
    for (const { contract } of run.postures ?? []) {
      this.#proved(contract.name, at, this.#cadences.get(contract.name), sequence);
    }
    const begun = this.#open.get(runId);
    if (begun === undefined) {
      if (this.#ended.has(runId))
        this.#tell('inserted', sequence, `Entry ${sequence} ends run ${runId} a second time.`);
      else this.#unknown(sequence, runId);
      return;
    }
    this.#open.delete(runId);
    this.#ended.add(runId);
    if (run.summary.drills === begun.drills.size) return;
    this.#tell(
      'incomplete run',
      sequence,
      `Run ${runId} counts ${counted(run.summary.drills, 'drill')}, and the ledger holds ${begun.drills.size} of them.`,
      begun.sequence,
    );
  }

  #unknown(sequence: number, runId: string): void {
    this.#tell('incomplete run', sequence, `Entry ${sequence} belongs to run ${runId}, whose beginning is missing.`);
  }

  #proved(contract: string, at: string, cadence: Cadence | undefined, sequence: number | null): void {
    if (cadence === undefined) return;
    const { everyMs, at: before } = cadence;
    const gapMs = msBetween(before, at);
    this.#cadences.set(contract, { everyMs, at });
    const missing = missingRuns(gapMs, everyMs, sequence !== null);
    if (missing === 0) return;
    this.#tell(
      'missing run',
      sequence,
      `Contract ${contract} promises a proof every ${formatDuration(everyMs)}, and none was made between ${before} and ${at}: ${missing} scheduled ${missing === 1 ? 'run is' : 'runs are'} missing.`,
    );
  }

  #tell(name: FaultName, sequence: number | null, sentence: string, begunAt?: number): void {
    this.#faults.push({ fault: { name, sequence, sentence }, begunAt });
  }
}

const msBetween = (from: string, to: string): number => Date.parse(to) - Date.parse(from);

/** Checks entries by people: a review names existing entries, and a later met drill closes a deviation. */
export class ReviewCheck {
  /** Faults, each with the last entry that it concerns, because that entry may have been removed. */
  readonly #faults: { readonly fault: Fault; readonly about: number }[] = [];
  readonly #deviations = new DeviationList();
  readonly #runs: Pick<RunCheck, 'knows'>;

  constructor(runs: Pick<RunCheck, 'knows'>) {
    this.#runs = runs;
  }

  follow(entry: Pick<LedgerEntry, 'sequence' | 'digest' | 'body'>): void {
    const { sequence, body } = entry;
    if (body.kind === 'sign-off') this.#signedOff(sequence, body);
    if (body.kind === 'deviation-closed') this.#closed(sequence, body);
    this.#deviations.follow(entry);
  }

  /** @param removedThrough number of the last removed entry; 0 for none. */
  faultsAfter(removedThrough: number): readonly Fault[] {
    return this.#faults.filter(({ about }) => about > removedThrough).map(({ fault }) => fault);
  }

  notesAt(nowUtc: string): readonly Note[] {
    return this.#deviations.open
      .filter(({ body }) => isOverdue(body, nowUtc))
      .map((deviation) => ({ name: 'deviation is overdue', sentence: deviationText(deviation) }));
  }

  #signedOff(sequence: number, { runId, reviewer, reviewed = [] }: EntryOf<'sign-off'>): void {
    const last = Math.max(0, ...reviewed.map((each) => each.sequence));
    if (last >= sequence) {
      this.#tell(
        sequence,
        sequence,
        `Entry ${sequence} is a sign-off by ${reviewer} of entry ${last}, which came later.`,
      );
    }
    if (runId === null || this.#runs.knows(runId)) return;
    this.#tell(
      sequence,
      reviewed.length === 0 ? sequence : last,
      `Entry ${sequence} is a sign-off by ${reviewer} of run ${runId}, which the ledger does not hold.`,
    );
  }

  #closed(sequence: number, closing: EntryOf<'deviation-closed'>): void {
    const { deviation, retest } = closing;
    const refusal = this.#deviations.refusalOf(closing);
    if (refusal === 'no deviation') {
      this.#tell(
        sequence,
        deviation.sequence,
        `Entry ${sequence} closes entry ${deviation.sequence}, which is not an open deviation of this ledger.`,
      );
    }
    if (refusal !== 'no retest') return;
    const { contract, disaster = null } = this.#deviations.find(deviation.sequence)?.body ?? {};
    const of = `${contract ?? 'a contract'}${disaster === null ? '' : ` › ${disaster}`}`;
    this.#tell(
      sequence,
      sequence,
      `Entry ${sequence} closes deviation ${deviation.sequence} of ${of} by entry ${retest.sequence}, which is not a later drill of it that was met${disaster === null ? ', or other disasters of it were not met since' : ''}.`,
    );
  }

  #tell(sequence: number, about: number, sentence: string): void {
    this.#faults.push({ fault: { name: 'unfounded', sequence, sentence }, about });
  }
}
