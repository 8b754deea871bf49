import { systemClock } from '../../../clock/clock.ts';
import { Ledger } from '../ledger.ts';
import { openLedgerStore } from '../ledger-store.ts';
import { openSigner } from '../signer.ts';
import { entriesOfRun, never } from './made-up-ledger.ts';

// A process that appends runs to a ledger: `node append-child.ts AT NAME RUNS`, signed with the key in the variable KEY. It reports when it
// is ready, begins when its standard input ends, and reports each appended run.

const [at = '', name = '', runs = '1'] = process.argv.slice(2);
const signer = await openSigner({ env: 'KEY' }, { folder: '/', environment: process.env });
using ledger = new Ledger(await openLedgerStore(at), signer, systemClock);
process.stdout.write('ready\n');
for await (const _ of process.stdin);
for (let run = 1; run <= Number(runs); run += 1) {
  for (const entry of entriesOfRun({ runId: `${name}-${run}` })) await ledger.append(entry, {}, never);
  process.stdout.write(`${run}\n`);
}
