import { systemClock } from '../../clock/clock.ts';
import { madeUpPromise } from '../../evidence/ledger/testing/made-up-ledger.ts';
import { madeUpDrill } from '../../reporting/testing/made-up-records.ts';
import { runDrill } from '../drill-command.ts';
import { stubParts } from './stub-parts.ts';

// A whole `dr-contracts drill` of one made-up drill: `node drill-with-stubs.ts FOLDER`. Its exit code is that of the run.

const [cwd = ''] = process.argv.slice(2);
const { parts } = stubParts({ records: [madeUpDrill()], promises: [madeUpPromise()] });
process.exitCode = await runDrill(
  { contracts: [], all: false, keep: false, json: false },
  {
    cwd,
    clock: systemClock,
    signal: new AbortController().signal,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: {},
    commandLine: 'dr-contracts drill',
  },
  parts,
);
