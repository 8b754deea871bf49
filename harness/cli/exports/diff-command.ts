import { diffRuns } from '../../evidence/history/diff-runs.ts';
import { renderDiff } from '../../evidence/history/render-diff.ts';
import { traitsOf } from '../../reporting/terminal.ts';
import type { CommandIo } from '../command-io.ts';
import type { DiffOptions } from './evidence-options.ts';
import { findRun } from './find-run.ts';

/** Prints what changed from one run to another. 0 whatever changed: the gate decides. */
export async function runDiff({ a, b, ledger, json }: DiffOptions, io: CommandIo): Promise<0> {
  const diff = diffRuns(await findRun(a, ledger, io), await findRun(b, ledger, io));
  if (json) io.stdout.write(`${JSON.stringify(diff, undefined, 2)}\n`);
  else io.stdout.write(renderDiff(diff, traitsOf(io.stdout, io.environment)));
  return 0;
}
