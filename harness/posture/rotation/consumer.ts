import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { KeyPair } from '../../systems/iam/enforced/store-users.ts';
import { type PointObjects, PROBE } from './backups.ts';
import { isSameKey, type KeptKey } from './kept-key.ts';
import type { Means } from './rehearsal.ts';
import { type Reply, repliedTo } from './replies.ts';

/** Requests of a consumer: backups write and list, restores list and read. */
export const REQUESTS = ['writing', 'reading', 'listing'] as const;
type RequestKind = (typeof REQUESTS)[number];

/**
 * A refused consumer reads the key again and retries once. So two cases are no gap: it read the key just before the replacement, or the new
 * key works a moment after it was handed over.
 */
const TRIED_AGAIN_AFTER_MS = 1_000;
const BETWEEN_LOOKS_MS = 200;

export interface Gap {
  /**
   * From the first request that was refused twice to the next round in which all were accepted, less the time that the harness held answers
   * back.
   */
  readonly ms: number;
  readonly seen: string;
  /** False if requests failed until the end of the rotation and afterwards. */
  readonly isOver: boolean;
}

interface OpenGap {
  readonly sinceMs: number;
  readonly seen: string;
  heldMs: number;
}

/** Uses the currently kept key repeatedly, as the platform's backups and restores do. */
export class Consumer {
  readonly #means: Means;
  readonly #kept: KeptKey;
  readonly #oldKey: KeyPair;
  readonly #object: string;
  readonly #gaps: Gap[] = [];
  #kinds: readonly RequestKind[] = [];
  #open: OpenGap | undefined;
  #unanswered: string | undefined;
  #looks = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(means: Means, kept: KeptKey, oldKey: KeyPair, point: PointObjects) {
    this.#means = means;
    this.#kept = kept;
    this.#oldKey = oldKey;
    this.#object = [...point.keys()][0] ?? '';
  }

  /** Finds the requests that the old key may make; only these have to continue. @returns these requests. */
  async prepare(): Promise<readonly RequestKind[]> {
    const kinds: RequestKind[] = [];
    for (const kind of REQUESTS) {
      const reply = await this.#ask(kind, this.#oldKey);
      if (reply.kind === 'none') this.#unanswered ??= `${kind}: ${reply.said}`;
      if (reply.kind === 'done') kinds.push(kind);
    }
    this.#kinds = kinds;
    return kinds;
  }

  /** Makes rounds of requests until the work has ended, and one more afterwards. */
  async during<T>(work: Promise<T>): Promise<T> {
    const { clock, signal } = this.#means.context.step;
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    work.then(end, end);
    while (!isOver) {
      await this.look();
      await clock.pause(BETWEEN_LOOKS_MS, signal);
    }
    await this.look();
    return await work;
  }

  /** Makes a round while the rotation waits for its answer; this time does not count as part of a gap. */
  async lookHeld(): Promise<void> {
    const { clock } = this.#means.context.step;
    const beganMs = clock.monotonicMs();
    await this.look();
    if (this.#open === undefined) return;
    const nowMs = clock.monotonicMs();
    this.#open.heldMs += nowMs - Math.max(beganMs, this.#open.sinceMs);
  }

  /** Makes one round after the other: of two at once, each would end the other's gap. */
  async look(): Promise<void> {
    const mine = this.#turn.then(async () => await this.#look());
    this.#turn = mine.catch(() => undefined);
    await mine;
  }

  get looks(): number {
    return this.#looks;
  }

  /** Why it is unknown whether requests continued. */
  get unanswered(): string | undefined {
    return this.#unanswered;
  }

  get gaps(): readonly Gap[] {
    if (this.#open === undefined) return this.#gaps;
    return [...this.#gaps, this.#lasting(this.#open, false)];
  }

  #lasting({ sinceMs, heldMs, seen }: OpenGap, isOver: boolean): Gap {
    const ms = this.#means.context.step.clock.monotonicMs() - sinceMs - heldMs;
    return { ms: Math.max(0, Math.round(ms)), seen, isOver };
  }

  async #look(): Promise<void> {
    // A service that does not answer gets no more requests, because they can show nothing.
    if (this.#unanswered !== undefined) return;
    const beganMs = this.#means.context.step.clock.monotonicMs();
    const seen = await this.#refused();
    this.#looks += 1;
    if (seen !== undefined) this.#open ??= { sinceMs: beganMs, seen, heldMs: 0 };
    else if (this.#open !== undefined) {
      this.#gaps.push(this.#lasting(this.#open, true));
      this.#open = undefined;
    }
  }

  /** @returns the request that fails, with the service's answer. */
  async #refused(): Promise<string | undefined> {
    const { clock, signal } = this.#means.context.step;
    const key = await this.#kept.read();
    for (const kind of this.#kinds) {
      let reply = await this.#ask(kind, key);
      if (reply.kind === 'refused' || reply.kind === 'other') {
        await clock.pause(TRIED_AGAIN_AFTER_MS, signal);
        const now = await this.#kept.read();
        reply = await this.#ask(kind, now);
        if (reply.kind === 'refused' || reply.kind === 'other') {
          const which = isSameKey(now, this.#oldKey)
            ? 'the old key, which was still stored'
            : 'the new key, which was already stored';
          return `${kind} with ${which} (${reply.said})`;
        }
      }
      if (reply.kind === 'none') {
        this.#unanswered = `${kind}: ${reply.said}`;
        return undefined;
      }
    }
    return undefined;
  }

  async #ask(kind: RequestKind, key: KeyPair): Promise<Reply> {
    const { as, rehearsal, context } = this.#means;
    const { bucket, prefix } = rehearsal;
    const at = { bucket, prefix, object: this.#object };
    return await repliedTo(() => request(kind, as(key), at, context.step.signal), context.step);
  }
}

/** Makes one request of a writer. */
export async function request(
  kind: RequestKind,
  client: S3Client,
  {
    bucket: Bucket,
    prefix,
    object: Key,
  }: { readonly bucket: string; readonly prefix: string; readonly object: string },
  abortSignal: AbortSignal,
): Promise<void> {
  const options = { abortSignal };
  if (kind === 'writing') {
    await client.send(new PutObjectCommand({ Bucket, Key: `${prefix}${PROBE}`, Body: 'x' }), options);
  } else if (kind === 'listing') {
    await client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, MaxKeys: 1 }), options);
  } else {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }), options);
    await Body?.transformToByteArray();
  }
}
