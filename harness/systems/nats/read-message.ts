/** A message as the stream holds it. Its views are valid only during the call that passes it. */
export interface StoredMessage {
  readonly sequence: number;
  /** Nanoseconds since the epoch, as decimal digits. */
  readonly timestampNs: string;
  readonly subject: string;
  /** The exact bytes of the header block; undefined if there is none. */
  readonly headerBlock: Uint8Array | undefined;
  readonly payload: Uint8Array;
}

interface Delivery {
  readonly sequence: number;
  readonly delivery: number;
  readonly timestampNs: string;
  readonly pending: number;
}

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<delivery>.<timestamp>.<pending>`, with two tokens more in its newer form. */
export function deliveryOf(reply: string): Delivery {
  const tokens = reply.split('.');
  const first = tokens.length === 9 ? 5 : 7;
  const [sequence, delivery, timestampNs, pending] = tokens.slice(first, first + 4);
  if (timestampNs === undefined || pending === undefined) throw new Error(`not a delivery of JetStream: ${reply}`);
  return { sequence: Number(sequence), delivery: Number(delivery), timestampNs, pending: Number(pending) };
}

/** The status of an answer: 0 for a message, 204 for the end of a batch. */
export function statusOf(block: Uint8Array | undefined): number {
  if (block === undefined) return 500;
  // "NATS/1.0\r\n…" for a message, "NATS/1.0 204 EOB\r\n…" for a status.
  if (block[FIRST_LINE_BYTES] !== 0x20) return 0;
  return Number(Buffer.from(block).toString('latin1', FIRST_LINE_BYTES + 1, FIRST_LINE_BYTES + 4));
}

const ADDED = '\r\nNats-Stream: ';

const ADDED_LINES = /\r\nNats-Subject: ([^\r]*)\r\nNats-Sequence: (\d+)\r\nNats-Time-Stamp: ([^\r]*)\r\n/;

const END_OF_BLOCK = Buffer.from('\r\n\r\n');

const FIRST_LINE_BYTES = 'NATS/1.0'.length;

/**
 * Removes the header lines that the server adds to a direct get. It adds them at the end of the block and in
 * one order (nats-server `server/stream.go`, `getDirectRequest`), so a stored header of the same name stays.
 */
export function fromDirectGet(block: Uint8Array | undefined, payload: Uint8Array): StoredMessage {
  const bytes = Buffer.from(block?.buffer ?? new ArrayBuffer(0), block?.byteOffset ?? 0, block?.length ?? 0);
  const end = bytes.lastIndexOf(ADDED);
  const [, subject, sequence, time] = ADDED_LINES.exec(bytes.toString('utf8', Math.max(0, end))) ?? [];
  if (end < 0 || subject === undefined || time === undefined) {
    throw new Error(`a direct get was answered without stream, subject, sequence or time: ${bytes.toString('utf8')}`);
  }
  return {
    sequence: Number(sequence),
    timestampNs: nanosecondsOf(time),
    subject,
    headerBlock: end <= FIRST_LINE_BYTES ? undefined : Buffer.concat([bytes.subarray(0, end), END_OF_BLOCK]),
    payload,
  };
}

/** Returns nanoseconds since the epoch for a time such as `2026-01-02T03:04:05.678901234Z`; a `Date` would lose the last six digits. */
export function nanosecondsOf(time: string): string {
  const [, seconds, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(time) ?? [];
  if (seconds === undefined) throw new Error(`not a time in UTC: ${time}`);
  return `${Date.parse(`${seconds}Z`) / 1_000}${fraction.padEnd(9, '0')}`;
}
