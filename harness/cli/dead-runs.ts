import { relative } from 'node:path';
import { closeDeadRuns } from '../reporting/begun-run.ts';
import type { CommandIo } from './command-io.ts';

/** Closes the records of runs that were killed, and says so: they could not do either themselves. */
export async function tellOfDeadRuns(outDir: string, io: CommandIo): Promise<void> {
  for (const { runId, stage, recordPath } of await closeDeadRuns(outDir, io.clock)) {
    io.stderr.write(
      `dr-contracts: note: run ${runId} was killed at the stage "${stage}" and proved nothing more; ${relative(io.cwd, recordPath)} says so.\n`,
    );
  }
}
