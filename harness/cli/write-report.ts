import { dirname, join } from 'node:path';
import type { PageGate, PageLedger, PageSource } from '../evidence/page/page-source.ts';
import { ExplainedError } from '../model/errors.ts';
import type { RunRecord } from '../model/record.ts';
import { baseNamed, findBase } from '../project/base-branch.ts';
import { isPolicyThere } from '../project/gate-files.ts';
import type { LedgerSettings, Project } from '../project/prepare-run.ts';
import { makeFolder } from '../reporting/out-folder.ts';
import { explaining } from '../reporting/system-error.ts';
import type { CommandIo } from './command-io.ts';
import type { LoadPromises } from './gate/ask-gate.ts';

/** A slow bucket must not keep a run from ending. */
const READ_BUDGET_MS = 20_000;
/** A gate reads the whole ledger. At the end of a run it must cost little; `dr-contracts report` reads a ledger of any length. */
export const MOST_GATED_ENTRIES = 400;

export interface ReportWishes {
  readonly run: RunRecord;
  readonly project: Project;
  readonly outDir: string;
  readonly ledger: LedgerSettings;
  /** What the command line calls the ledger; undefined where the configuration says. */
  readonly ledgerOption?: string | undefined;
  /** What the project promises; without it no gate is asked. */
  readonly load?: LoadPromises | undefined;
  /** A decision that somebody else asked for. */
  readonly gate?: PageGate | undefined;
  /** As of when the gate decides; now when left out. */
  readonly at?: Date | undefined;
  /** Where the page goes; `<outDir>/latest/report.html` when left out. */
  readonly file?: string | undefined;
  /** True at the end of a drill, where reading the ledger must cost little. */
  readonly isEndOfRun: boolean;
  /** How long a ledger may be for the gate to be asked at the end of a drill. */
  readonly mostGatedEntries?: number;
}

/**
 * Writes the page of a run, with its history from the ledger and, where the project has a policy, with the gate's decision.
 * @returns the path of the page.
 * @throws {ExplainedError} when the page cannot be written. A ledger that cannot be read is told on the page.
 */
export async function writeReport(wishes: ReportWishes, io: CommandIo): Promise<string> {
  const { run, project, outDir, ledger, file, ledgerOption } = wishes;
  if (file !== undefined) await explaining(`report page ${file}`, () => makeFolder(dirname(file)));
  // Loaded late: no drill needs the renderer before it ends.
  const { writePage } = await import('../evidence/page/write-page.ts');
  // A run that was interrupted has a page, too.
  const signal = wishes.isEndOfRun ? AbortSignal.timeout(READ_BUDGET_MS) : io.signal;
  const option = ledgerOption === undefined ? '' : ` --ledger ${ledgerOption}`;
  return await writePage({
    outDir,
    run,
    history: await historyOf(run.runId, ledger, option, signal),
    ...(await decisionFor(wishes, { ...io, signal })),
    file,
    root: io.cwd,
    runbookFile: join(project.folder, 'docs', 'runbook.md'),
  });
}

async function historyOf(
  runId: string,
  { at, folder }: LedgerSettings,
  option: string,
  signal: AbortSignal,
): Promise<Pick<PageSource, 'past'> & { readonly ledger: PageLedger }> {
  const { openLedgerStore } = await import('../evidence/ledger/ledger-store.ts');
  const { readHistory } = await import('../evidence/page/read-history.ts');
  using store = await openLedgerStore(at, folder);
  const { past, ledger } = await readHistory(store, runId, signal);
  return { past, ledger: { ...ledger, at: store.at, option } };
}

async function decisionFor(wishes: ReportWishes, io: CommandIo): Promise<Pick<PageSource, 'gate' | 'whyNoGate'>> {
  const { gate, load, project, ledger, at, isEndOfRun, mostGatedEntries = MOST_GATED_ENTRIES } = wishes;
  if (gate !== undefined) return { gate };
  if (load === undefined || !(await hasPolicy(project.folder, io))) return {};
  if (isEndOfRun) {
    const entries = await entriesIn(ledger, io.signal);
    if (entries > mostGatedEntries) {
      return {
        whyNoGate: `The ledger holds ${entries} entries, too many to read at the end of a run. \`npx dr-contracts report\` asks the gate.`,
      };
    }
  }
  const { askGate } = await import('./gate/ask-gate.ts');
  return { gate: (await askGate({ ledger: ledger.at, at, key: [], strict: false }, io, load)).decision };
}

async function hasPolicy(folder: string, io: CommandIo): Promise<boolean> {
  const baseName = baseNamed(io.environment);
  if (baseName === undefined) return await isPolicyThere({ folder, base: undefined });
  try {
    return await isPolicyThere({ folder, base: await findBase(folder, baseName, io.signal) });
  } catch (error) {
    // The gate asks again, and its decision says what is wrong.
    if (error instanceof ExplainedError) return true;
    throw error;
  }
}

async function entriesIn({ at, folder }: LedgerSettings, signal: AbortSignal): Promise<number> {
  const { openLedgerStore } = await import('../evidence/ledger/ledger-store.ts');
  const { sequenceIn } = await import('../evidence/ledger/entry-file.ts');
  using store = await openLedgerStore(at, folder);
  let count = 0;
  for await (const name of store.names(signal)) if (sequenceIn(name) !== undefined) count += 1;
  return count;
}
