import { randomUUID } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { AssetProbe } from '../../model/asset.ts';
import { ExplainedError } from '../../model/errors.ts';
import { bodyDigest } from './content.ts';
import { PROBE_PREFIX } from './keys.ts';
import type { BucketAt } from './listing.ts';
import type { PlannedKey } from './plan.ts';
import { readVersionState } from './version-state.ts';

const SAMPLES = 5;
const SAMPLE_MAX_BYTES = 256 * 1024;
/** A single key, so that a long drill does not add one key per probe to the restore. */
const PROBE_KEY = `${PROBE_PREFIX}write`;

export interface Sample {
  readonly key: string;
  readonly sha256: string;
}

/** Returns the first live objects of the plan that are neither empty nor large; otherwise any live one. */
export function probeSamples(plan: Iterable<PlannedKey>): Sample[] {
  const handy: PlannedKey[] = [];
  let fallback: PlannedKey | undefined;
  for (const planned of plan) {
    if (planned.deletedBefore) continue;
    fallback ??= planned;
    const sizeBytes = planned.revisions.at(-1)?.sizeBytes ?? 0;
    if (sizeBytes > 0 && sizeBytes <= SAMPLE_MAX_BYTES) handy.push(planned);
    if (handy.length === SAMPLES) break;
  }
  if (handy.length === 0 && fallback !== undefined) handy.push(fallback);
  return handy.flatMap(({ key, revisions }) =>
    revisions.slice(-1).map(({ label, sizeBytes }) => ({ key, sha256: bodyDigest(label, sizeBytes) })),
  );
}

/** Reads one sample in turn and checks its digest; writes one object and reads it back. */
export function objectProbe(at: BucketAt, samples: () => readonly Sample[]): AssetProbe {
  let turn = 0;
  return {
    reads: 'objects that were there before, and their content',
    writes: 'an object, and reads it back',
    read: async (signal) => {
      const known = samples();
      const sample = known[turn % known.length];
      turn += 1;
      if (sample === undefined) throw new Error(`nothing to read is seeded in ${at.bucket} yet`);
      await readSample(at, sample, signal);
    },
    write: (signal) => writeAndReadBack(at, signal),
  };
}

async function readSample(at: BucketAt, sample: Sample, signal: AbortSignal): Promise<void> {
  const { sha256, sizeBytes } = await readVersionState(at, { key: sample.key }, signal);
  if (`sha256:${sha256}` === sample.sha256) return;
  throw new ExplainedError({
    thing: `object "${sample.key}" in ${at.bucket}`,
    expected: `content ${sample.sha256}`,
    observed: `it has ${sizeBytes} bytes with sha256:${sha256}`,
    nextStep: 'Restore the object from a version before the damage.',
  });
}

async function writeAndReadBack(at: BucketAt, signal: AbortSignal): Promise<void> {
  const body = randomUUID();
  const named = { Bucket: at.bucket, Key: PROBE_KEY };
  await at.client.send(new PutObjectCommand({ ...named, Body: body }), { abortSignal: signal });
  const { Body } = await at.client.send(new GetObjectCommand(named), { abortSignal: signal });
  const observed = await Body?.transformToString();
  if (observed === body) return;
  throw new ExplainedError({
    thing: `object "${PROBE_KEY}" in ${at.bucket}`,
    expected: 'the content that was just written',
    observed: `it returned ${observed?.length ?? 0} other characters`,
    nextStep: 'Find out what else writes into the bucket.',
  });
}
