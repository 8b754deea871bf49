import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../clock/clock.ts';
import type { RunFacts } from '../drill/new-record.ts';
import { CLOCK_SKEW_MS, type LedgerSubject, MEASUREMENT_VERSION, type PromiseFacts } from '../evidence/entry.ts';
import { ReplacedKeyError } from '../evidence/ledger/key-trust.ts';
import { Ledger, type NewEntry, removeOldEntries } from '../evidence/ledger/ledger.ts';
import { openLedgerStore, readLedger } from '../evidence/ledger/ledger-store.ts';
import { openSigner } from '../evidence/ledger/signer.ts';
import { commitSubject } from '../evidence/ledger/statement.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { DrillRecord } from '../model/record.ts';
import { type RunRecord, runRecordSchema } from '../model/run-record.ts';
import type { Secrets } from '../model/secrets.ts';
import { counted } from '../model/text.ts';
import { formatDuration } from '../model/units.ts';
import { goesOn, OWED_FILE } from '../reporting/earlier-runs.ts';
import { jsonOf } from '../reporting/record-files.ts';
import { writeAtomically } from '../reporting/replaceable-file.ts';
import { explaining } from '../reporting/system-error.ts';
import type { Environment } from '../reporting/terminal.ts';
import type { LedgerSettings } from './prepare-run.ts';
import { describeRanBy } from './ran-by.ts';

/** A slow append must not prevent a run from ending. */
const APPEND_BUDGET_MS = 60_000;

/** Time limit for finding a run, or old entries, in a large ledger in a bucket. */
const SCAN_BUDGET_MS = 600_000;

interface RunLedgerOptions {
  readonly settings: LedgerSettings;
  readonly clock: Clock;
  readonly environment: Environment;
  readonly secrets?: Secrets | undefined;
}

/** Facts of a run at its beginning. */
interface RunBeginning {
  readonly runId: string;
  /** The folder of the run. */
  readonly path: string;
  readonly command: string;
  readonly facts: Pick<RunFacts, 'commit' | 'dirty' | 'harnessVersion' | 'trigger'>;
  readonly promises: readonly PromiseFacts[];
  /** Contracts that the user named; null for all. */
  readonly selected: readonly string[] | null;
  /** Artefacts tested beside the commit. */
  readonly subjects: readonly LedgerSubject[];
}

/** Content of a run's folder until all of its entries are in the ledger. */
const owedSchema = z.object({
  started: z.custom<NewEntry>((value) => typeof value === 'object' && value !== null && 'kind' in value),
  subjects: z.array(z.object({ name: z.string(), digest: z.record(z.string(), z.string()) })),
});

/**
 * Keeps the ledger of one run. Once it is open, it throws no error of the ledger: an entry that cannot be appended is retried with the next
 * one, then reported in `problems`, and the next run appends it from the run's folder.
 */
export class RunLedger implements Disposable {
  readonly problems: string[] = [];
  /** Messages for a reader before the run begins. */
  readonly warnings: string[] = [];
  readonly notes: string[] = [];
  readonly #ledger: Ledger;
  readonly #options: RunLedgerOptions;
  #run: RunBeginning | undefined;
  #pending: NewEntry[] = [];
  readonly #drills = new Set<string>();
  #flushing: Promise<void> = Promise.resolve();
  #failure: string | undefined;

  private constructor(ledger: Ledger, options: RunLedgerOptions) {
    this.#ledger = ledger;
    this.#options = options;
  }

  /** @throws {ExplainedError} for an unusable place or key, or a replaced key: nothing has begun yet. */
  static async open(options: RunLedgerOptions): Promise<RunLedger> {
    const { at, key, folder } = options.settings;
    const { environment, secrets, clock } = options;
    const signer = key === undefined ? undefined : await openSigner(key, { folder, environment, secrets });
    const ledger = new Ledger(await openLedgerStore(at, folder), signer, clock);
    const run = new RunLedger(ledger, options);
    try {
      await ledger.requireKeyInForce(AbortSignal.timeout(SCAN_BUDGET_MS));
      if (signer === undefined && (await ledger.isSigned(AbortSignal.timeout(SCAN_BUDGET_MS)))) {
        run.warnings.push(
          `the entries of the ledger ${ledger.store.at} are signed, and this run has no key. Because of its unsigned entries, \`dr-contracts verify\` will report that the ledger is not valid. Set \`ledger.key\` in the configuration, or give this run a ledger of its own (\`ledger.at\`).`,
        );
      }
    } catch (error) {
      // An unreadable ledger prevents no run. Each append checks the key again, and reports the problem then.
      if (error instanceof ReplacedKeyError) {
        ledger[Symbol.dispose]();
        throw error;
      }
    }
    return run;
  }

  /** Appends that the run has begun. */
  async begin(run: RunBeginning): Promise<void> {
    this.#run = run;
    const started: NewEntry = {
      kind: 'run-started',
      runId: run.runId,
      command: run.command,
      trigger: run.facts.trigger,
      ranBy: describeRanBy(this.#options.environment),
      commit: run.facts.commit,
      dirty: run.facts.dirty,
      harnessVersion: run.facts.harnessVersion,
      measurementVersion: MEASUREMENT_VERSION,
      promises: [...run.promises],
      selected: run.selected === null ? null : [...run.selected],
    };
    const owed = { started, subjects: subjectsOf(run) };
    const path = join(run.path, OWED_FILE);
    await explaining(path, () => writeAtomically(path, `${JSON.stringify(owed)}\n`));
    await this.#append(started);
  }

  /** Appends a judged drill. Callers do not wait for it. */
  drilled(record: DrillRecord): void {
    if (this.#run === undefined || this.#drills.has(record.drillId)) return;
    this.#drills.add(record.drillId);
    void this.#append(drillEntry(this.#run.runId, record));
  }

  /** Appends the end of the run; removes old entries. */
  async finish({ drills, ...run }: RunRecord): Promise<void> {
    if (this.#run === undefined) return;
    for (const record of drills) this.drilled(record);
    await this.#append({ kind: 'run-finished', runId: this.#run.runId, run });
    if (this.#failure !== undefined) {
      this.problems.push(
        `the ledger ${this.#ledger.store.at} lacks ${counted(this.#pending.length, 'entry', 'entries')} of this run: ${this.#failure} The run's records are kept, and the next run appends them.`,
      );
      return;
    }
    await rm(join(this.#run.path, OWED_FILE), { force: true });
    await this.#removeOld();
  }

  /**
   * Appends missing entries of earlier runs: their process was killed, or the ledger could not be written.
   * @param outDir with the run folders, below `runs`.
   */
  async settle(outDir: string): Promise<void> {
    const runsDir = join(outDir, 'runs');
    for (const runId of (await readdir(runsDir)).toSorted()) {
      const path = join(runsDir, runId);
      try {
        const owed = await jsonOf(join(path, OWED_FILE));
        if (owed === undefined || (await goesOn(path))) continue;
        await this.#settleRun(path, runId, owed);
        await rm(join(path, OWED_FILE), { force: true });
      } catch (error) {
        this.problems.push(
          `run ${runId} is not completely in the ledger: ${this.#told(error)} The next run tries again.`,
        );
        return;
      }
    }
  }

  async #settleRun(path: string, runId: string, written: unknown): Promise<void> {
    const owed = owedSchema.safeParse(written);
    const record = runRecordSchema.safeParse(await jsonOf(join(path, 'run.json')));
    if (!owed.success || !record.success) {
      throw new ExplainedError({
        thing: `folder ${path}`,
        expected: owed.success ? 'the record of the run (run.json)' : `the beginning of the run (${OWED_FILE})`,
        observed: 'there is none that can be read',
        nextStep: `To give up recording this run in the ledger, remove ${OWED_FILE} there.`,
      });
    }
    const { drills, ...run } = record.data;
    const { started, subjects } = owed.data;
    const there = await this.#entriesOf(runId);
    const ending = run.failure?.killed === true ? ('run-killed' as const) : ('run-finished' as const);
    const entries: NewEntry[] = [
      started,
      ...drills.map((drill) => drillEntry(runId, drill)),
      { kind: ending, runId, run },
    ];
    let appended = 0;
    for (const entry of entries.filter((each) => !there.names.has(nameOf(each)))) {
      const isThere = ({ body }: { readonly body: NewEntry }) => nameOf(body) === nameOf(entry);
      const done = await this.#ledger.append(entry, { subjects, unless: { since: there.through, isThere } }, budget());
      if (done !== undefined) appended += 1;
    }
    if (appended > 0) this.notes.push(`the ledger now holds run ${runId}, too: ${appended} entries were missing`);
  }

  /** Returns the entries of a run that the ledger already has. */
  async #entriesOf(runId: string): Promise<{ readonly through: number; readonly names: ReadonlySet<string> }> {
    const names = new Set<string>();
    let through = 0;
    const signal = AbortSignal.timeout(SCAN_BUDGET_MS);
    for await (const { sequence, body } of readLedger(this.#ledger.store, signal, 'newest first')) {
      through = Math.max(through, sequence);
      if ('runId' in body && body.runId === runId) names.add(nameOf(body));
      // No entry of a run precedes its beginning.
      if (body.kind === 'run-started' && body.runId === runId) break;
    }
    return { through, names };
  }

  #append(entry: NewEntry): Promise<void> {
    this.#pending.push(entry);
    this.#flushing = this.#flushing.then(() => this.#flush());
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    const subjects = this.#run === undefined ? [] : subjectsOf(this.#run);
    try {
      for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
        const appended = await this.#ledger.append(next, { subjects }, budget());
        this.#pending.shift();
        if ((appended?.clockBehindMs ?? 0) > CLOCK_SKEW_MS) this.#noteClock(appended?.clockBehindMs ?? 0);
      }
      this.#failure = undefined;
    } catch (error) {
      this.#failure = this.#told(error);
    }
  }

  /** Returns the text of an error for a reader, without secrets. */
  #told(error: unknown): string {
    const text = error instanceof ExplainedError ? error.message : `${summaryOf(error)}.`;
    return this.#options.secrets?.redact(text) ?? text;
  }

  #noteClock(behindMs: number): void {
    const note = `the clock of this machine is ${formatDuration(behindMs)} behind the last entry of the ledger: correct the clock`;
    if (!this.notes.some((each) => each.startsWith('the clock'))) this.notes.push(note);
  }

  async #removeOld(): Promise<void> {
    const { settings, clock } = this.#options;
    try {
      const wanted = { keepDays: settings.keepDays, nowUtc: clock.now().utc };
      const removed = await removeOldEntries(this.#ledger, wanted, AbortSignal.timeout(SCAN_BUDGET_MS));
      if (removed === undefined) return;
      this.notes.push(
        `${removed.count === 1 ? '1 entry of the ledger was' : `${removed.count} entries of the ledger were`} older than ${counted(settings.keepDays, 'day')} and removed`,
      );
    } catch (error) {
      this.notes.push(`old entries of the ledger could not be removed: ${this.#told(error)}`);
    }
  }

  [Symbol.dispose](): void {
    this.#ledger[Symbol.dispose]();
  }
}

const budget = (): AbortSignal => AbortSignal.timeout(APPEND_BUDGET_MS);

const drillEntry = (runId: string, record: DrillRecord): NewEntry => ({
  kind: 'drill',
  runId,
  measurementVersion: MEASUREMENT_VERSION,
  record,
});

const subjectsOf = ({ facts: { commit }, subjects }: Pick<RunBeginning, 'facts' | 'subjects'>): LedgerSubject[] => [
  ...(commit === null ? [] : [commitSubject(commit)]),
  ...subjects,
];

/** Returns a key that is unique among the entries of a run. A run ends once, in one way or the other. */
function nameOf(body: NewEntry): string {
  if (body.kind === 'drill') return `${body.runId} drill ${body.record.drillId}`;
  if (body.kind === 'run-finished' || body.kind === 'run-killed') return `${body.runId} end`;
  return 'runId' in body ? `${body.runId} ${body.kind}` : body.kind;
}
