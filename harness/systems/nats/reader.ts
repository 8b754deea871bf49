import { type JetStreamManager, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { createInbox, type Msg, MsgImpl, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { z } from 'zod';
import { Scope } from '../../base/scope.ts';
import type { Clock } from '../../clock/clock.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { consumerOnLeader, streamInfoFromLeader } from './cluster-settling.ts';
import { deliveryOf, fromDirectGet, nanosecondsOf, type StoredMessage, statusOf } from './read-message.ts';

type OnMessage = (message: StoredMessage) => void;
export type ReadStep = Pick<Step, 'clock' | 'signal'>;

const DIRECT_BATCH = 2_000;
const DIRECT_MAX_BYTES = 8 * 1024 * 1024;

/**
 * Passes every message of the stream, up to its last sequence at the beginning, to the call-back, in stored order and without consuming it.
 * With a filter, it passes those with a matching subject. For a replicated stream it reads the leader's copy: the others may lack
 * acknowledged messages. The call-back runs as each message arrives, so memory use is constant.
 * @throws {ExplainedError} when the server stops answering in between.
 */
export async function readStream(
  nc: NatsConnection,
  stream: string,
  onMessage: OnMessage,
  step: ReadStep,
  filter?: string,
): Promise<StreamInfo> {
  const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: 10_000 });
  const info = await streamInfoFromLeader(jsm, stream, step);
  const upTo = info.state.last_seq;
  if (info.state.messages === 0) return info;
  // Only a limits stream permits an additional consumer; the others are read by direct gets, which consume nothing.
  const reading = { nc, stream, upTo, filter, onMessage, step };
  if (info.config.retention === 'limits') await readByPush(reading, jsm);
  // Any copy may answer a direct get, including one that lags.
  else if (info.config.allow_direct && info.config.num_replicas === 1) await readByDirectGets(reading);
  else await readOneByOne(reading);
  return info;
}

interface Reading {
  readonly nc: NatsConnection;
  readonly stream: string;
  readonly upTo: number;
  readonly filter: string | undefined;
  readonly onMessage: OnMessage;
  readonly step: ReadStep;
}

async function readByPush(
  { nc, stream, upTo, filter, onMessage, step }: Reading,
  jsm: JetStreamManager,
): Promise<void> {
  const inbox = createInbox();
  let last = 0;
  let delivered = 0;
  const transfer = new Transfer(stream, step.clock, () => last);
  const receive = (message: Msg) => {
    transfer.heard();
    if (message.reply === undefined || !message.reply.startsWith('$JS.ACK.')) {
      // Flow control requires an answer; a heartbeat with the name of a stalled flow control requires it again.
      if (message.reply !== undefined) message.respond();
      const stalled = message.headers?.get('Nats-Consumer-Stalled');
      if (stalled) nc.publish(stalled);
      return;
    }
    const position = deliveryOf(message.reply);
    delivered += 1;
    if (position.delivery !== delivered) {
      throw new Error(`reading stream ${stream}: delivery ${delivered} was lost after sequence ${last}`);
    }
    last = position.sequence;
    if (last <= upTo) {
      onMessage({
        sequence: last,
        timestampNs: position.timestampNs,
        subject: message.subject,
        headerBlock: headerBlockOf(message),
        payload: message.data,
      });
    }
    if (last >= upTo || position.pending === 0) transfer.finish();
  };
  const made = await consumerOnLeader(
    jsm,
    stream,
    { deliver_subject: inbox, ...(filter === undefined ? {} : { filter_subject: filter }) },
    step,
  );
  await using scope = new Scope({ what: `transfer of stream ${stream}`, clock: step.clock });
  scope.defer(`consumer ${made.name}`, async () => nc.isClosed() || (await jsm.consumers.delete(stream, made.name)));
  // The subscription must exist before the first delivery.
  const subscription = listen(nc, inbox, transfer, receive);
  try {
    if (made.num_pending === 0) transfer.finish();
    await untilAborted(Promise.race([transfer.finished, closed(nc, stream)]), step.signal);
  } finally {
    transfer.finish();
    subscription.unsubscribe();
  }
}

/** Subscribes to the transfer. A faulty message ends it; later messages are ignored. */
function listen(nc: NatsConnection, inbox: string, transfer: Transfer, receive: (message: Msg) => void): Subscription {
  return nc.subscribe(inbox, {
    callback: (error, message) => {
      if (transfer.isOver) return;
      try {
        if (error !== null) throw error;
        receive(message);
      } catch (thrown) {
        transfer.fail(thrown);
      }
    },
  });
}

async function readByDirectGets({ nc, stream, upTo, filter, onMessage, step }: Reading): Promise<void> {
  let last = 0;
  while (last < upTo) {
    const before = last;
    const inbox = createInbox();
    const transfer = new Transfer(stream, step.clock, () => last);
    const receive = (message: Msg) => {
      transfer.heard();
      const block = headerBlockOf(message);
      const code = statusOf(block);
      if (code === 204 || code === 404) return transfer.finish();
      if (code !== 0) throw new Error(`reading stream ${stream}: the server answered ${code} to a direct get`);
      const stored = fromDirectGet(block, message.data);
      last = stored.sequence;
      if (last <= upTo) onMessage(stored);
    };
    const subscription = listen(nc, inbox, transfer, receive);
    try {
      const request = {
        seq: last + 1,
        batch: DIRECT_BATCH,
        max_bytes: DIRECT_MAX_BYTES,
        ...(filter === undefined ? {} : { next_by_subj: filter }),
      };
      nc.publish(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(request), { reply: inbox });
      await untilAborted(Promise.race([transfer.finished, closed(nc, stream)]), step.signal);
    } finally {
      transfer.finish();
      subscription.unsubscribe();
    }
    if (last === before) return;
  }
}

const storedAnswer = z.union([
  z.object({
    message: z.object({
      subject: z.string(),
      seq: z.number().int(),
      time: z.string(),
      hdrs: z.string().optional(),
      data: z.string().optional(),
    }),
  }),
  z.object({ error: z.object({ code: z.number(), description: z.string().optional() }) }),
]);

/** Reads any other stream from its leader, one request per message. That is slow, but consumes nothing either. */
async function readOneByOne({ nc, stream, upTo, filter, onMessage, step }: Reading): Promise<void> {
  for (let last = 0; last < upTo; ) {
    const request = JSON.stringify({ seq: last + 1, next_by_subj: filter ?? '>' });
    const answer = await untilAborted(
      nc.request(`$JS.API.STREAM.MSG.GET.${stream}`, request, { timeout: 10_000 }),
      step.signal,
    );
    const parsed = storedAnswer.parse(answer.json());
    if ('error' in parsed) {
      if (parsed.error.code === 404) return;
      throw new Error(
        `reading stream ${stream} after sequence ${last}: ${parsed.error.description ?? parsed.error.code}`,
      );
    }
    const { subject, seq, time, hdrs, data = '' } = parsed.message;
    last = seq;
    if (seq > upTo) return;
    onMessage({
      sequence: seq,
      timestampNs: nanosecondsOf(time),
      subject,
      headerBlock: hdrs === undefined ? undefined : Buffer.from(hdrs, 'base64'),
      payload: Buffer.from(data, 'base64'),
    });
  }
}

async function closed(nc: NatsConnection, stream: string): Promise<never> {
  const cause = await nc.closed();
  throw new Error(`reading stream ${stream}: the connection was lost`, { cause });
}

/** Returns the header block as it arrived: the client's own view would need decoding, and encoding again for a digest. */
function headerBlockOf(message: Msg): Uint8Array | undefined {
  if (!(message instanceof MsgImpl))
    throw new TypeError('the NATS client returned a message that is not of class MsgImpl');
  return message._msg.hdr > 0 ? message._rdata.subarray(0, message._msg.hdr) : undefined;
}

const STALL_BUDGET_MS = 15_000;

/** A read in progress. It settles when the call-back ends it or throws, or when the server has been silent too long. */
class Transfer {
  readonly finished: Promise<void>;
  readonly #settle: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  readonly #over = new AbortController();
  #heard = true;

  constructor(stream: string, clock: Clock, last: () => number) {
    this.finished = this.#settle.promise;
    this.finished.catch(() => undefined);
    void this.#watch(stream, clock, last);
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }
  heard(): void {
    this.#heard = true;
  }
  finish(): void {
    this.#settle.resolve();
    this.#over.abort();
  }
  fail(reason: unknown): void {
    this.#settle.reject(reason);
    this.#over.abort();
  }

  async #watch(stream: string, clock: Clock, last: () => number): Promise<void> {
    while (this.#heard) {
      this.#heard = false;
      try {
        await clock.pause(STALL_BUDGET_MS, this.#over.signal);
      } catch (error) {
        return this.fail(error);
      }
    }
    this.fail(
      new ExplainedError({
        thing: `reading stream ${stream}`,
        expected: `the next message within ${STALL_BUDGET_MS / 1_000} s`,
        observed: `the server was silent after sequence ${last()}`,
        nextStep: 'Look at the log of nats-server.',
      }),
    );
  }
}
