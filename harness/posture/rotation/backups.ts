import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { summaryOf } from '../../model/errors.ts';
import type { KeyPair } from '../enforced/store-users.ts';
import { isSameKey, type KeptKey } from './kept-key.ts';
import { backUpByScript } from './key-carriers.ts';
import { newObjects, type PointObjects, putSamplePoint } from './recovery-point-objects.ts';
import type { Means } from './rehearsal.ts';
import { answered, NoAnswerError, repliedTo } from './replies.ts';

/**
 * One backup with that key.
 * @throws {NoAnswerError} when it fails while the service does not answer; another error when it fails, or leaves nothing below the prefix.
 */
export async function backUp(means: Means, key: KeyPair): Promise<PointObjects> {
  const { rehearsal, store, admin, as, context, seen } = means;
  const { backup, bucket, prefix } = rehearsal;
  const { signal } = context.step;
  if (backup === undefined) {
    return await answered(() => putSamplePoint(as(key), { bucket, prefix }, signal), context.step);
  }
  try {
    await backUpByScript({ ...backup, store, key, bucket, prefix }, context);
  } catch (error) {
    signal.throwIfAborted();
    const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 });
    const reply = await repliedTo(() => as(key).send(list, { abortSignal: signal }), context.step);
    if (reply.kind === 'none') throw new NoAnswerError(`${summaryOf(error)}; the service: ${reply.said}`);
    throw error;
  }
  const made = await answered(() => newObjects(admin, { bucket, prefix }, seen, signal), context.step);
  if (made.size === 0) throw new Error(`${backup.script} exits 0, and nothing new lies below ${bucket}/${prefix}`);
  return made;
}

/** A platform may keep only the last few, and the one from before the rotation has to be among them. */
const MOST_BACKUPS = 2;

export interface BackupsDuring {
  readonly made: number;
  /** How many were begun with a key that was ended under them, and were made again with the one that was kept by then. */
  readonly madeAgain: number;
  readonly seen?: string;
  readonly unanswered?: string;
}

/**
 * Two backups one after the other, the first one begun before the rotation, or one where the rotation has ended by then. Each uses the key that is kept when
 * it begins. One that fails is made again, once, if another key is kept by then: so does a job that is started again. Where a pause is
 * allowed, it waits for the end of the rotation first.
 */
export async function backUpDuring(means: Means, kept: KeptKey, rotation: Promise<unknown>): Promise<BackupsDuring> {
  const { signal } = means.context.step;
  let made = 0;
  let madeAgain = 0;
  let isOver = false;
  const ended = rotation.then(
    () => undefined,
    () => undefined,
  );
  void ended.then(() => {
    isOver = true;
  });
  const make = async (key: KeyPair) => {
    await backUp(means, key);
    made += 1;
  };
  try {
    do {
      const key = await kept.read();
      try {
        await make(key);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof NoAnswerError) throw error;
        if (means.rehearsal.pauseMs > 0) await ended;
        const now = await kept.read();
        if (isSameKey(now, key)) throw error;
        madeAgain += 1;
        await make(now);
      }
    } while (!isOver && made < MOST_BACKUPS);
    return { made, madeAgain };
  } catch (error) {
    signal.throwIfAborted();
    // The rotation goes on, and is looked at by itself.
    await ended;
    const why = summaryOf(error);
    return { made, madeAgain, ...(error instanceof NoAnswerError ? { unanswered: why } : { seen: why }) };
  }
}
