import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { median } from '../base/median.ts';
import { systemClock } from '../clock/clock.ts';
import { newDrillId } from '../contract/drill-contract.ts';
import { jetstream as jetstreamAsset } from '../index.ts';
import { Secrets } from '../model/secrets.ts';
import type { Step } from '../model/step.ts';
import type { Target } from '../model/target.ts';
import type { BenchSize } from './bench-options.ts';
import type { Figure } from './figures.ts';

/** Fingerprinting a stream against a bare ordered consumer that reads the same stream and does nothing with it. */
export async function benchReading(
  target: Target,
  scratchDir: string,
  { readMessages, readRounds }: BenchSize,
): Promise<Figure> {
  const signal = new AbortController().signal;
  const step: Step = { clock: systemClock, signal, scratchDir, secrets: new Secrets(), progress: () => undefined };
  const kind = jetstreamAsset({
    streams: [
      { name: 'reading', subjects: ['reading.a', 'reading.b'], messages: readMessages, headers: true, payload: '200B' },
    ],
  });
  const asset = await kind.open({ target, drillId: newDrillId(), disaster: 'stream-deleted', scale: 1, step });
  try {
    await asset.seed(step);
    const { NATS_URL = '', STREAMS = '' } = asset.environment();
    const ratios: number[] = [];
    let bareMs = 0;
    for (let round = 0; round < readRounds; round += 1) {
      bareMs = await readBare(NATS_URL, STREAMS);
      const beganMs = systemClock.monotonicMs();
      const { path } = await asset.fingerprint(step);
      ratios.push(bareMs / (systemClock.monotonicMs() - beganMs));
      await rm(path, { force: true });
    }
    return {
      name: 'fingerprinting a stream / a bare consumer, throughput',
      value: median(ratios),
      unit: 'ratio',
      bound: { atLeast: 0.7 },
      detail: `${readMessages.toLocaleString('en-GB')} messages, median of ${readRounds}: ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}; bare ${Math.round(readMessages / bareMs)} messages/ms`,
    };
  } finally {
    await asset[Symbol.asyncDispose]();
    await rm(join(scratchDir, 'reading'), { recursive: true, force: true });
  }
}

async function readBare(url: string, stream: string): Promise<number> {
  const nc = await connect({ servers: url });
  try {
    const { state } = await (await jetstreamManager(nc)).streams.info(stream);
    const beganMs = systemClock.monotonicMs();
    const consumer = await jetstream(nc).consumers.get(stream);
    const messages = await consumer.consume({ max_messages: 10_000 });
    for await (const message of messages) if (message.seq >= state.last_seq) break;
    return systemClock.monotonicMs() - beganMs;
  } finally {
    await nc.close();
  }
}
