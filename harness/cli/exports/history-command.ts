import { diffRuns } from '../../evidence/history/diff-runs.ts';
import { historyOf } from '../../evidence/history/history.ts';
import { renderDiff, renderHistory } from '../../evidence/history/render-history.ts';
import { readLedger } from '../../evidence/ledger/ledger-store.ts';
import { UsageError } from '../../model/errors.ts';
import { traitsOf } from '../../reporting/terminal.ts';
import { inWords } from '../../reporting/text.ts';
import type { CommandIo } from '../command-io.ts';
import { openLedger } from '../verify-command.ts';
import type { DiffOptions, HistoryOptions } from './evidence-options.ts';
import { findRun } from './export-command.ts';

/** Prints every promise with its last verdicts and recovery times. Returns 0 whatever the verdicts are. */
export async function runHistory({ ledger, contracts, runs, json }: HistoryOptions, io: CommandIo): Promise<0> {
  using store = await openLedger(ledger, io);
  const history = await historyOf(readLedger(store, io.signal, 'newest first'), { contracts, runs });
  const unknown = contracts.filter((name) => !history.promises.some(({ contract }) => contract === name));
  if (unknown.length > 0 && history.runs > 0) {
    throw new UsageError({
      thing: `ledger ${store.at}`,
      expected: `drills of ${inWords(unknown)}`,
      observed: `${history.runs === 1 ? 'its last run has' : `its last ${history.runs} runs have`} no such contract`,
      nextStep: 'Run `dr-contracts history` without a name to see all of them, or read older runs with --runs.',
    });
  }
  if (json) io.stdout.write(`${JSON.stringify({ ledger: store.at, ...history }, undefined, 2)}\n`);
  else io.stdout.write(renderHistory(history, traitsOf(io.stdout, io.environment)));
  return 0;
}

/** Prints the changes from one run to another. Returns 0 whatever changed: the gate decides. */
export async function runDiff({ a, b, ledger, json }: DiffOptions, io: CommandIo): Promise<0> {
  const diff = diffRuns(await findRun(a, ledger, io), await findRun(b, ledger, io));
  if (json) io.stdout.write(`${JSON.stringify(diff, undefined, 2)}\n`);
  else io.stdout.write(renderDiff(diff, traitsOf(io.stdout, io.environment)));
  return 0;
}
