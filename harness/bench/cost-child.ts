import { systemClock } from '../clock/clock.ts';
import { attachTarget } from '../contract/attach-target.ts';
import { measurePairs } from './cost.ts';
import { measureLedgerCost } from './ledger-cost.ts';

/** Measures so many pairs below `subreaper.py`, or what the ledger costs, and prints the processor time of each side. */
const [handle = '', what = '', rounds = '', scratchDir = ''] = process.argv.slice(2);
const target = attachTarget(JSON.parse(handle), { clock: systemClock });
const measure = what === 'ledger' ? measureLedgerCost : measurePairs;
const measured = await measure(target, scratchDir, Number(rounds), new AbortController().signal);
process.stdout.write(JSON.stringify(measured));
