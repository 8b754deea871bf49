import { dirname, join } from 'node:path';
import { makeFolder } from '../base/files.ts';
import type { LedgerStore } from '../evidence/ledger/store.ts';
import type { PageGate, PageLedger, PageSource } from '../evidence/page/page-source.ts';
import { ExplainedError, messagesOf } from '../model/errors.ts';
import type { RunRecord } from '../model/run-record.ts';
import { formatDuration } from '../model/units.ts';
import { baseNamed, findBase, isPolicyThere } from '../project/gate-files.ts';
import type { LedgerSettings, Project } from '../project/prepare-run.ts';
import { explaining } from '../reporting/system-error.ts';
import type { CommandIo } from './command-io.ts';
import type { LoadPromises } from './gate/ask-gate.ts';

/** A slow bucket must not prevent a run from ending. The history and the gate each have this limit. */
const READ_BUDGET_MS = 20_000;
/** A gate reads the whole ledger. At the end of a run that must be cheap; `dr-contracts report` reads a ledger of any length. */
export const MOST_GATED_ENTRIES = 400;

export interface ReportWishes {
  readonly run: RunRecord;
  readonly project: Project;
  readonly outDir: string;
  readonly ledger: LedgerSettings;
  /** Ledger from the command line; undefined where the configuration names it. */
  readonly ledgerOption?: string | undefined;
  /** Loads the project's promises; without it, the gate is not queried. */
  readonly load?: LoadPromises | undefined;
  /** A decision that was made elsewhere. */
  readonly gate?: PageGate | undefined;
  /** Time of the gate's decision; now when left out. */
  readonly at?: Date | undefined;
  /** Path of the page; `<outDir>/latest/report.html` when left out. */
  readonly file?: string | undefined;
  /** True at the end of a drill, where reading the ledger must be cheap. */
  readonly isEndOfRun: boolean;
  /** Maximal length of the ledger for which the gate is queried at the end of a drill. */
  readonly mostGatedEntries?: number;
  /** Time limit of the history, and then of the gate, for reading the ledger at the end of a drill. */
  readonly readBudgetMs?: number;
}

/**
 * Writes the page of a run, with its history from the ledger and, where the project has a policy, with the gate's decision.
 * @returns the path of the page.
 * @throws {ExplainedError} when the page cannot be written. The page names the parts that could not be read in time, or at all.
 */
export async function writeReport(wishes: ReportWishes, io: CommandIo): Promise<string> {
  const { run, project, outDir, ledger, file, ledgerOption } = wishes;
  if (file !== undefined) await explaining(`report page ${file}`, () => makeFolder(dirname(file)));
  // Loaded late: no drill needs the renderer before it ends.
  const { writePage } = await import('../evidence/page/write-page.ts');
  const { listedOnce, openLedgerStore } = await import('../evidence/ledger/ledger-store.ts');
  using opened = await openLedgerStore(ledger.at, ledger.folder);
  const store = listedOnce(opened);
  const option = ledgerOption === undefined ? '' : ` --ledger ${ledgerOption}`;
  return await writePage({
    outDir,
    run,
    history: await historyOf(run.runId, store, option, budgetFor(wishes, io)),
    ...(await decisionFor(wishes, store, budgetFor(wishes, io))),
    file,
    root: io.cwd,
    runbookFile: join(project.folder, 'docs', 'runbook.md'),
  });
}

/** Time limit of one part of the page for reading the ledger. */
interface ReadBudget {
  readonly io: CommandIo;
  /** Returns why that part is missing on the page when its time ran out; undefined where the user ended the command. */
  readonly whyMissing: (what: string) => string | undefined;
}

function budgetFor({ isEndOfRun, readBudgetMs = READ_BUDGET_MS }: ReportWishes, io: CommandIo): ReadBudget {
  if (!isEndOfRun) return { io, whyMissing: () => undefined };
  // An interrupted run also has a page, so its signal is ignored here.
  const signal = AbortSignal.timeout(readBudgetMs);
  const sentence = (what: string) =>
    `${what}: the ledger could not be read within ${formatDuration(readBudgetMs)}. \`npx dr-contracts report\` has no such limit.`;
  return { io: { ...io, signal }, whyMissing: (what) => (signal.aborted ? sentence(what) : undefined) };
}

async function historyOf(
  runId: string,
  store: LedgerStore,
  option: string,
  { io, whyMissing }: ReadBudget,
): Promise<Pick<PageSource, 'past'> & { readonly ledger: PageLedger }> {
  const { readHistory } = await import('../evidence/page/read-history.ts');
  const { past, ledger } = await readHistory(store, runId, io.signal);
  // A reader that was aborted looks like one that found a broken entry.
  const isEnded = io.signal.aborted && whyMissing('') === undefined;
  if (isEnded) io.signal.throwIfAborted();
  const problem = ledger.problem === null ? null : (whyMissing('Older drills were not read') ?? ledger.problem);
  return { past, ledger: { ...ledger, problem, at: store.at, option } };
}

type Decided = Pick<PageSource, 'gate' | 'whyNoGate'>;

/** Returns the gate's decision. The page is evidence of the run: without a decision it is still written, and states the reason. */
async function decisionFor(wishes: ReportWishes, store: LedgerStore, budget: ReadBudget): Promise<Decided> {
  try {
    return await decisionOf(wishes, store, budget.io);
  } catch (error) {
    const why = budget.whyMissing('The gate was not asked');
    if (why !== undefined) return { whyNoGate: why };
    budget.io.signal.throwIfAborted();
    const told = messagesOf(error).join(': ');
    return { whyNoGate: `The gate could not be asked. ${budget.io.secrets?.redact(told) ?? told}` };
  }
}

async function decisionOf(wishes: ReportWishes, store: LedgerStore, io: CommandIo): Promise<Decided> {
  const { gate, load, project, at, isEndOfRun, mostGatedEntries = MOST_GATED_ENTRIES } = wishes;
  if (gate !== undefined) return { gate };
  if (load === undefined || !(await hasPolicy(project.folder, io))) return {};
  if (isEndOfRun) {
    const entries = await entriesIn(store, io.signal);
    if (entries > mostGatedEntries) {
      return {
        whyNoGate: `The ledger holds ${entries} entries, too many to read at the end of a run. \`npx dr-contracts report\` asks the gate.`,
      };
    }
  }
  const { askGate } = await import('./gate/ask-gate.ts');
  return { gate: (await askGate({ at, key: [], strict: false }, io, load, store)).decision };
}

async function hasPolicy(folder: string, io: CommandIo): Promise<boolean> {
  const baseName = baseNamed(io.environment);
  if (baseName === undefined) return await isPolicyThere({ folder, base: undefined });
  try {
    return await isPolicyThere({ folder, base: await findBase(folder, baseName, io.signal) });
  } catch (error) {
    // The gate reads again, and its decision names the problem.
    if (error instanceof ExplainedError) return true;
    throw error;
  }
}

async function entriesIn(store: LedgerStore, signal: AbortSignal): Promise<number> {
  const { sequenceIn } = await import('../evidence/ledger/entry-file.ts');
  let count = 0;
  for await (const name of store.names(signal)) if (sequenceIn(name) !== undefined) count += 1;
  return count;
}
