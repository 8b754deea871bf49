import { systemClock } from '../clock/clock.ts';
import { attachTarget } from '../contract/attach-target.ts';
import { measurePairs } from './cost.ts';

/** Measures so many pairs below `subreaper.py` and prints the processor time of each side. */
const [handle = '', pairs = '', scratchDir = ''] = process.argv.slice(2);
const target = attachTarget(JSON.parse(handle), { clock: systemClock });
const measured = await measurePairs(target, scratchDir, Number(pairs), new AbortController().signal);
process.stdout.write(JSON.stringify(measured));
