import type { StreamInfo } from '@nats-io/jetstream';
import type { AbsenceCheck, Identity } from '../../model/asset.ts';
import { ExplainedError, messagesOf, summaryOf } from '../../model/errors.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { type Connection, isStreamNotFound } from './connection.ts';
import { type Place, SESSION_MARK } from './names.ts';

/** The result of one read of a place. */
export type Sight =
  | { readonly kind: 'there'; readonly info: StreamInfo }
  | { readonly kind: 'not-found'; readonly serverId: string }
  | { readonly kind: 'refused'; readonly observed: string }
  | { readonly kind: 'unclear'; readonly observed: string };

/** Reads a place once. It interprets only the server's "stream not found" and a refused connection. */
export async function look(place: Place, connection: Connection, signal: AbortSignal): Promise<Sight> {
  try {
    const { nc, jsm } = await connection.use(signal);
    try {
      return { kind: 'there', info: await untilAborted(jsm.streams.info(place.stream), signal) };
    } catch (error) {
      if (isStreamNotFound(error)) return { kind: 'not-found', serverId: nc.info?.server_id ?? 'unknown' };
      throw error;
    }
  } catch (error) {
    signal.throwIfAborted();
    const refused = messagesOf(error).some((message) => /ECONNREFUSED|connection refused/i.test(message));
    return { kind: refused ? 'refused' : 'unclear', observed: summaryOf(error) };
  }
}

/**
 * Remembers the places that a running server reported as missing. Servers before 2.15 keep a stream's creation time
 * through a restore (its snapshot carries it), so the creation time does not distinguish a restored stream from one that
 * was never gone; an absence in between does. A refused connection proves no absence: the storage may still exist.
 */
export class Absences {
  readonly #seen = new Map<string, string>();

  note(place: Place, sight: Sight): void {
    if (sight.kind === 'not-found') this.#seen.set(place.stream, sight.serverId);
  }

  identityOf(place: Place, info: StreamInfo): Identity {
    const server = this.#seen.get(place.stream);
    const absence = server === undefined ? '' : `, after server ${server} had said that it has no such stream`;
    return { what: `${place.label}: creation time`, value: `${info.created}${absence}` };
  }
}

/** `what` of the read of one place. */
export const readOf = (place: Place): string => `read ${place.label} (STREAM.INFO)`;

/** Returns the check for a disaster that leaves the server running: only the server's answer counts. */
export function absenceOnServer(place: Place, sight: Sight): AbsenceCheck {
  const what = readOf(place);
  switch (sight.kind) {
    case 'there':
      return { what, gone: false, observed: `it is there, with ${sight.info.state.messages} messages` };
    case 'not-found':
      return { what, gone: true, observed: 'stream not found (JetStream code 10059)' };
    default:
      return { what, gone: false, observed: `the server gave no answer, which proves nothing: ${sight.observed}` };
  }
}

/** Returns the check for a disaster that takes the server: its address must not answer. */
export function absenceOfServer(place: Place, sight: Sight): AbsenceCheck {
  const check = absenceOnServer(place, sight);
  return sight.kind === 'refused' ? { ...check, gone: true, observed: sight.observed } : check;
}

/** @throws {ExplainedError} unless the stream carries the disposable mark of this session. */
export function requireMark(place: Place, info: StreamInfo, sessionId: string): void {
  const mark = info.config.metadata?.[SESSION_MARK];
  if (mark === sessionId) return;
  throw new ExplainedError({
    thing: place.label,
    expected: `the disposable mark ${SESSION_MARK}=${sessionId} in its metadata`,
    observed: mark === undefined ? 'it carries none' : `it carries the mark of session ${mark}`,
    nextStep: 'This session must not destroy it. Find out who made it, and run the drill elsewhere.',
  });
}
