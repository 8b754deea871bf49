import { DeleteObjectCommand, ListBucketsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { summaryOf } from '../../model/errors.ts';
import { formatDuration } from '../../model/units.ts';
import type { KeyPair } from '../../systems/iam/enforced/store-users.ts';
import { type BackupsDuring, backUpDuring, type PointObjects, PROBE } from './backups.ts';
import { Consumer, REQUESTS } from './consumer.ts';
import type { KeptKey } from './kept-key.ts';
import { rotateByScript } from './key-carriers.ts';
import { type Means, notePolicy } from './rehearsal.ts';
import type { RehearsedStep } from './rehearsal-steps.ts';
import { answered, NoAnswerError, repliedTo } from './replies.ts';

export interface Rotated {
  readonly steps: readonly RehearsedStep[];
  /** Undefined if the rotation failed. */
  readonly newKey: KeyPair | undefined;
}

/** Rotates the key while a consumer uses the currently kept key, and backups run. */
export async function rotateInUse(
  means: Means,
  kept: KeptKey,
  oldKey: KeyPair,
  before: PointObjects,
): Promise<Rotated> {
  const { rehearsal, context } = means;
  const { signal } = context.step;
  const consumer = new Consumer(means, kept, oldKey, before);
  const kinds = await consumer.prepare();
  const printed = new Set<string>();
  const rotation = rotate(means, kept, oldKey, { consumer, printed });
  const [outcome, backups] = await Promise.all([
    consumer.during(settled(rotation)),
    backUpDuring(means, kept, rotation),
  ]);
  signal.throwIfAborted();
  const removed = await settled(removeProbe(means));
  if (!removed.isDone) return { steps: [{ kind: 'rotation', undecided: removed.seen }], newKey: undefined };
  const newKey = await kept.read();
  const isOther = newKey.accessKeyId !== oldKey.accessKeyId;
  const rotated: RehearsedStep = !outcome.isDone
    ? { kind: 'rotation', ...(outcome.isUnanswered ? { undecided: outcome.seen } : { seen: outcome.seen }) }
    : isOther
      ? { kind: 'rotation', note: outcome.changes.join(', ') }
      : { kind: 'rotation', seen: 'the same key as before' };
  const during = requestsDuring(consumer, kinds, rehearsal.pauseMs);
  const shown: RehearsedStep = {
    kind: 'secret-shown',
    ...(printed.size === 0 ? {} : { seen: [...printed].join(' and ') }),
  };
  const all = [rotated, during, backupsDuring(backups), shown];
  if (outcome.isDone) return { steps: all, newKey };
  // After a rotation that ended too soon, only additional failures are reported.
  const told = all.filter(({ kind, seen }) => kind === 'rotation' || seen !== undefined);
  return { steps: told, newKey: undefined };
}

/** Removes the object that belongs to no recovery point, so that no backup after the rotation finds it. */
async function removeProbe({ rehearsal, admin, context }: Means): Promise<readonly string[]> {
  const { signal } = context.step;
  const probe = new DeleteObjectCommand({ Bucket: rehearsal.bucket, Key: `${rehearsal.prefix}${PROBE}` });
  await answered(() => admin.send(probe, { abortSignal: signal }), context.step);
  return ['DeleteObject'];
}

type Outcome =
  | { readonly isDone: true; readonly changes: readonly string[] }
  | { readonly isDone: false; readonly seen: string; readonly isUnanswered: boolean };

async function settled(rotation: Promise<readonly string[]>): Promise<Outcome> {
  try {
    return { isDone: true, changes: await rotation };
  } catch (error) {
    return { isDone: false, seen: summaryOf(error), isUnanswered: error instanceof NoAnswerError };
  }
}

async function rotate(
  means: Means,
  kept: KeptKey,
  oldKey: KeyPair,
  { consumer, printed }: { readonly consumer: Consumer; readonly printed: Set<string> },
): Promise<readonly string[]> {
  const { rehearsal, store, admin, context } = means;
  const { rotatedBy, user, bucket, prefix } = rehearsal;
  if (rotatedBy === undefined) return await rotateByHarness(means, kept, oldKey);
  try {
    return await rotateByScript(
      {
        script: rotatedBy,
        store,
        user,
        bucket,
        prefix,
        kept,
        onPrinted: (what) => void printed.add(what),
        onChange: async (action) => {
          if (action.endsWith('BucketPolicy')) await notePolicy(means);
          await consumer.lookHeld();
        },
      },
      context,
    );
  } catch (error) {
    const { signal } = context.step;
    signal.throwIfAborted();
    const reply = await repliedTo(() => admin.send(new ListBucketsCommand({}), { abortSignal: signal }), context.step);
    if (reply.kind === 'none') throw new NoAnswerError(`${summaryOf(error)}; the service: ${reply.said}`);
    throw error;
  }
}

/** Rotates as a platform's script should: it deletes the old key once the new one is in place and was seen to work. */
async function rotateByHarness(
  { rehearsal, users, as, context }: Means,
  kept: KeptKey,
  oldKey: KeyPair,
): Promise<readonly string[]> {
  const { user, bucket: Bucket, prefix: Prefix } = rehearsal;
  const newKey = await users.newKey(user);
  const list = new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 });
  await repliedTo(() => as(newKey).send(list, { abortSignal: context.step.signal }), context.step);
  await kept.put(newKey);
  await users.endKey(user, oldKey);
  return ['CreateAccessKey', 'DeleteAccessKey'];
}

function requestsDuring(consumer: Consumer, kinds: readonly string[], pauseMs: number): RehearsedStep {
  const kind = 'requests-during';
  const { gaps, unanswered, looks } = consumer;
  const totalMs = gaps.reduce((sum, { ms }) => sum + ms, 0);
  const worst = gaps.toSorted((one, other) => other.ms - one.ms)[0];
  const isTold = unanswered === undefined || pauseMs === 0;
  if (worst !== undefined && isTold && !(totalMs <= pauseMs && gaps.every(({ isOver }) => isOver))) {
    const lasting = worst.isOver ? `for ${formatDuration(worst.ms)}` : 'until the end of the rotation and after it';
    const more = gaps.length > 1 ? `; ${gaps.length} such gaps, ${formatDuration(totalMs)} in all` : '';
    return { kind, seen: `${worst.seen} refused ${lasting}${more}` };
  }
  if (unanswered !== undefined) return { kind, undecided: `the service did not answer (${unanswered})` };
  if (kinds.length === 0) {
    return {
      kind,
      undecided: `none of ${REQUESTS.join(', ')} was accepted before the rotation, so a gap would not show`,
    };
  }
  const paused = worst === undefined ? 'without a gap' : `with a pause of ${formatDuration(totalMs)}`;
  return { kind, note: `${kinds.join(', ')}, ${looks} times, ${paused}` };
}

function backupsDuring({ made, madeAgain, seen, unanswered }: BackupsDuring): RehearsedStep {
  const kind = 'backups-during';
  if (seen !== undefined) return { kind, seen };
  if (unanswered !== undefined) return { kind, undecided: unanswered };
  return { kind, note: `${made} backups, ${madeAgain} of them made again with the key that was stored by then` };
}
