import { historyOf } from '../../evidence/history/history.ts';
import { renderHistory } from '../../evidence/history/render-history.ts';
import { readLedger } from '../../evidence/ledger/read-ledger.ts';
import { ExplainedError } from '../../model/errors.ts';
import { traitsOf } from '../../reporting/terminal.ts';
import { inWords } from '../../reporting/text.ts';
import type { CommandIo } from '../command-io.ts';
import { openLedger } from '../verify-command.ts';
import type { HistoryOptions } from './evidence-options.ts';

/** Prints every promise with its last verdicts and recovery times. 0 whatever the verdicts are. */
export async function runHistory({ ledger, contracts, json }: HistoryOptions, io: CommandIo): Promise<0> {
  using store = await openLedger(ledger, io);
  const histories = await historyOf(readLedger(store, io.signal), contracts);
  const unknown = contracts.filter((name) => !histories.some(({ contract }) => contract === name));
  if (unknown.length > 0) {
    throw new ExplainedError({
      thing: `ledger ${store.at}`,
      expected: `drills of ${inWords(unknown)}`,
      observed: 'it knows no such contract',
      nextStep: 'Run `dr-contracts history` without a name to see all of them.',
    });
  }
  if (json) io.stdout.write(`${JSON.stringify({ ledger: store.at, promises: histories }, undefined, 2)}\n`);
  else io.stdout.write(renderHistory(histories, traitsOf(io.stdout, io.environment)));
  return 0;
}
