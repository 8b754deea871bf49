import type { Bucket } from '@google-cloud/storage';
import { mapOrdered } from '../../asset-kit/bounded.ts';
import type { AssetProbe, MarkerLane, ObservedMarker } from '../../model/asset.ts';
import { IndeterminateWriteError, summaryOf } from '../../model/errors.ts';
import { bytesOf, CONCURRENCY, request, statusOf } from './client.ts';
import { liveObjects } from './content.ts';
import { MARKER_PREFIX, markerName, markerSequence, PROBE_OBJECT } from './names.ts';
import type { PlannedGeneration } from './plan.ts';

/**
 * Returns a lane in which each marker is an object. The bucket's client must send each request once: a marker is written once or not at
 * all.
 */
export function markerLane(bucket: Bucket): MarkerLane {
  return {
    name: `${bucket.name}/${MARKER_PREFIX}`,
    // Each marker is an additional object for the platform to back up and restore.
    intervalMs: 100,
    write: async (sequence, body, signal) => {
      signal.throwIfAborted();
      try {
        await request(() => bucket.file(markerName(sequence)).save(body, { resumable: false }), signal);
      } catch (error) {
        const status = statusOf(error);
        if (status !== undefined && status >= 400 && status < 500) throw error;
        throw new IndeterminateWriteError(
          `marker ${sequence} may or may not be in ${bucket.name}: ${summaryOf(error)}`,
          { cause: error },
        );
      }
    },
    read: (signal) => readMarkers(bucket, signal),
  };
}

async function* readMarkers(bucket: Bucket, signal: AbortSignal): AsyncGenerator<ObservedMarker, void, undefined> {
  const found = await liveObjects(bucket, signal, MARKER_PREFIX);
  async function* names() {
    for (const { name } of found) yield name;
  }
  yield* mapOrdered(names(), CONCURRENCY, async (name) => {
    const body = await bytesOf(bucket, name, signal);
    return { sequence: markerSequence(name), body: body.toString('utf8') };
  });
}

export interface Sample {
  readonly name: string;
  readonly expected: PlannedGeneration;
}

/** Reads one sample in turn and compares its content; writes one object and reads it back. */
export function objectProbe(bucket: Bucket, samples: readonly Sample[], drillId: string): AssetProbe {
  let turn = 0;
  return {
    reads: 'objects that were there before, and their content',
    writes: 'an object, and reads it back',
    read: async (signal) => {
      const sample = samples[turn % samples.length];
      turn += 1;
      if (sample === undefined) throw new Error(`${bucket.name} has no seeded object for the probe to read`);
      await readSample(bucket, sample, signal);
    },
    write: async (signal) => {
      const file = bucket.file(PROBE_OBJECT);
      await request(() => file.save(drillId, { resumable: false }), signal);
      const body = await bytesOf(bucket, PROBE_OBJECT, signal);
      if (body.toString('utf8') !== drillId) throw new OtherContentError(PROBE_OBJECT);
    },
  };
}

/** Error of a read that found other content. */
export class OtherContentError extends Error {
  override readonly name = 'OtherContentError';

  constructor(object: string) {
    super(`object "${object}" was read and holds other bytes than were written`);
  }
}

export async function readSample(bucket: Bucket, { name, expected }: Sample, signal: AbortSignal): Promise<void> {
  const body = await bytesOf(bucket, name, signal);
  if (!body.equals(expected.body)) throw new OtherContentError(name);
}
