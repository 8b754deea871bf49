import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { type MsgHdrs, type NatsConnection, RequestError, TimeoutError } from '@nats-io/transport-node';
import { z } from 'zod';
import { type NatsAddress, natsConnection } from '../../clients/nats.ts';
import { IndeterminateWriteError, messagesOf } from '../../model/errors.ts';
import { untilAborted } from '../../wait/until-aborted.ts';

interface Session {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
}

/**
 * A connection that opens on demand and reopens after a loss. A caller gets only the failure of an attempt that began after
 * the call, because an earlier attempt says nothing about the present.
 */
export class Connection implements AsyncDisposable {
  readonly #address: () => Promise<NatsAddress>;
  readonly #name: string;
  #session: Promise<Session> | undefined;
  #disposed = false;

  /** @param address a URL, or a function that returns the address for each new connection. */
  constructor(address: string | (() => Promise<NatsAddress>), name: string) {
    // A cluster's address names every server; the first that answers is used.
    this.#address = typeof address === 'string' ? async () => ({ servers: address.split(',') }) : address;
    this.#name = name;
  }

  /** @throws when the server cannot be reached within two seconds, or the signal aborts first. */
  async use(signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    if (this.#disposed) throw new Error(`the connection "${this.#name}" was already closed`);
    for (;;) {
      const isOwn = this.#session === undefined;
      this.#session ??= this.#connect();
      const pending = this.#session;
      try {
        const session = await untilAborted(pending, signal);
        if (!session.nc.isClosed()) return session;
      } catch (error) {
        if (signal.aborted || isOwn) throw error;
      }
      this.#forget(pending);
    }
  }

  /** Closes the session, so that the next use reconnects. Call it after a missing answer. */
  async drop(): Promise<void> {
    const pending = this.#session;
    this.#session = undefined;
    // A session that failed to open needs no closing, and its caller got the error.
    const session = await pending?.catch(() => undefined);
    await session?.nc.close();
  }

  #connect(): Promise<Session> {
    const session = this.#open();
    // Also without a waiting caller: the next caller must not get an old failure.
    session.catch(() => this.#forget(session));
    return session;
  }

  #forget(session: Promise<Session>): void {
    if (this.#session === session) this.#session = undefined;
  }

  async #open(): Promise<Session> {
    const nc = await natsConnection(await this.#address(), this.#name);
    if (this.#disposed) await nc.close();
    return { nc, jsm: await jetstreamManager(nc, { checkAPI: false, timeout: 10_000 }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.drop();
  }
}

const acknowledgement = z.union([
  z.object({ stream: z.string(), seq: z.number().int().positive() }),
  z.object({
    error: z.object({ code: z.number(), err_code: z.number().optional(), description: z.string().optional() }),
  }),
]);
/** The stream refused a message: it is full, or its configuration forbids the message. */
export class MessageRefusedError extends Error {
  override readonly name = 'MessageRefusedError';
}

const decoder = new TextDecoder();

/** Returns the sequence in a publish acknowledgement. @throws when the server refused the message, or no stream listens. */
export function acknowledgedSequence(data: Uint8Array, subject: string): number {
  // The server's "no responders" has only a status header.
  if (data.length === 0) throw new Error(`${subject} was not stored: no stream listens`);
  const answer = acknowledgement.parse(JSON.parse(decoder.decode(data)));
  if ('seq' in answer) return answer.seq;
  const { code, err_code, description } = answer.error;
  throw new MessageRefusedError(
    `${subject} was refused: ${description ?? 'no reason given'} (JetStream code ${err_code ?? code})`,
  );
}

/**
 * Publishes one message and waits for its acknowledgement.
 * @throws when it was refused or no stream listens; {@link IndeterminateWriteError} when it was sent and no answer came.
 */
export async function publishAcknowledged(
  nc: NatsConnection,
  message: { readonly subject: string; readonly body: string; readonly headers?: MsgHdrs; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  if (nc.isClosed()) throw new Error(`${message.subject} was not sent: the connection is closed`);
  const { subject, body, headers, timeoutMs } = message;
  let answer: { readonly data: Uint8Array };
  try {
    const request = nc.request(subject, body, { timeout: timeoutMs, ...(headers === undefined ? {} : { headers }) });
    answer = await untilAborted(request, signal);
  } catch (error) {
    if (error instanceof RequestError && error.isNoResponders()) {
      throw new Error(`${subject} was not stored: no stream listens`, { cause: error });
    }
    if (messagesOf(error).some((text) => /permissions violation/i.test(text))) {
      throw new Error(`${subject} was refused: no permission to publish it`, { cause: error });
    }
    const why = error instanceof TimeoutError ? `no answer within ${timeoutMs} ms` : 'the connection was lost';
    throw new IndeterminateWriteError(
      `${subject}: sent, but ${signal.aborted ? 'the wait for the answer was ended' : why}`,
      { cause: error },
    );
  }
  return acknowledgedSequence(answer.data, subject);
}

/** Returns whether the server answered that it has no such stream, as opposed to no answer. */
export function isStreamNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}
