import { systemClock } from '../clock/clock.ts';
import { attachTarget } from '../contract/attach-target.ts';
import { defineContract } from '../contract/define.ts';
import { newDrillId } from '../contract/drill-files.ts';
import { gatherFacts } from '../contract/facts.ts';
import { runDrill } from '../drill/run-drill.ts';
import { jetstream, script } from '../index.ts';

const COLLECT_EVERY_MS = 200;

/**
 * One whole drill over so many messages, in a process of its own; prints its verdict and its peak resident memory. With `--expose-gc` the
 * collector runs all through it, and what was left over at the most is printed as well.
 */
const [handle = '', messages = '', scratchDir = ''] = process.argv.slice(2);
const signal = new AbortController().signal;
const contract = defineContract({
  name: 'memory',
  asset: jetstream({
    streams: [{ name: 'memory', subjects: ['memory.a'], messages: Number(messages), payload: '64B' }],
  }),
  rto: '2h',
  rpo: '5m',
  priority: 'P3',
  owner: 'bench',
  protectedBy: script({
    backup: 'fixtures/platform/scripts/nats-backup.sh',
    restore: 'fixtures/platform/scripts/nats-restore.sh',
    schedule: { cron: '*/2 * * * *', timeZone: 'UTC' },
    prefix: 'nats/',
  }),
  survives: ['stream-deleted'],
});
let liveBytes = 0;
const collect = (gc: () => void) => {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  liveBytes = Math.max(liveBytes, heapUsed + external);
};
const { gc } = globalThis;
const collecting = gc === undefined ? undefined : setInterval(() => collect(gc), COLLECT_EVERY_MS);
const record = await runDrill({
  contract,
  disaster: 'stream-deleted',
  target: attachTarget(JSON.parse(handle), { clock: systemClock }),
  drillId: newDrillId(),
  run: await gatherFacts({ runId: 'bench', trigger: 'bench', concurrentDrills: 1 }, signal),
  scratchDir,
  clock: systemClock,
  signal,
  listener: () => undefined,
  save: async () => undefined,
});
clearInterval(collecting);
process.stdout.write(
  JSON.stringify({
    verdict: record.judgement?.verdict,
    sentence: record.judgement?.sentence,
    peakBytes: process.resourceUsage().maxRSS * 1_024,
    ...(liveBytes === 0 ? {} : { liveBytes }),
  }),
);
