import { systemClock } from '../clock/clock.ts';
import { attachTarget } from '../contract/attach-target.ts';
import { keepsCollecting } from './live-memory.ts';
import { natsContract, runMetDrill } from './one-drill.ts';

/**
 * One whole drill over so many messages, in a process of its own; prints its peak resident memory. With `--expose-gc` the collector runs
 * all through it, and what was left over at the most is printed as well.
 */
const [handle = '', messages = '', scratchDir = ''] = process.argv.slice(2);
const signal = new AbortController().signal;
const contract = natsContract('memory', Number(messages), '64B');
const collecting = keepsCollecting();
await runMetDrill({
  contract,
  disaster: 'stream-deleted',
  target: attachTarget(JSON.parse(handle), { clock: systemClock }),
  scratchDir,
  signal,
});
process.stdout.write(JSON.stringify(collecting.end()));
