import { systemClock } from '../clock/clock.ts';
import { attachTarget } from '../contract/attach-target.ts';
import { natsContract } from './nats-contract.ts';
import { runMetDrill } from './one-drill.ts';

const COLLECT_EVERY_MS = 200;

/**
 * One whole drill over so many messages, in a process of its own; prints its verdict and its peak resident memory. With `--expose-gc` the
 * collector runs all through it, and what was left over at the most is printed as well.
 */
const [handle = '', messages = '', scratchDir = ''] = process.argv.slice(2);
const signal = new AbortController().signal;
const contract = natsContract('memory', Number(messages), '64B');
let liveBytes = 0;
const collect = (gc: () => void) => {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  liveBytes = Math.max(liveBytes, heapUsed + external);
};
const { gc } = globalThis;
const collecting = gc === undefined ? undefined : setInterval(() => collect(gc), COLLECT_EVERY_MS);
await runMetDrill({
  contract,
  disaster: 'stream-deleted',
  target: attachTarget(JSON.parse(handle), { clock: systemClock }),
  scratchDir,
  signal,
});
clearInterval(collecting);
process.stdout.write(
  JSON.stringify({
    peakBytes: process.resourceUsage().maxRSS * 1_024,
    ...(liveBytes === 0 ? {} : { liveBytes }),
  }),
);
