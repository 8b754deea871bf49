/** A message as the stream holds it. Its views are valid only during the call that hands it out. */
export interface StoredMessage {
  readonly sequence: number;
  /** Nanoseconds since the epoch, as decimal digits. */
  readonly timestampNs: string;
  readonly subject: string;
  /** The header block byte for byte; undefined when there is none. */
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
  const [, code] = /^NATS\/1\.0 (\d+)/.exec(Buffer.from(block.buffer, block.byteOffset, 16).toString('latin1')) ?? [];
  return code === undefined ? 0 : Number(code);
}

const OWN_HEADERS = /^Nats-(?:Stream|Subject|Sequence|Time-Stamp|Num-Pending|Last-Sequence|UpTo-Sequence): /;

/** Separates what the server adds to a direct get from what was stored. */
export function fromDirectGet(block: Uint8Array | undefined, payload: Uint8Array): StoredMessage {
  const lines = Buffer.from(block ?? [])
    .toString('utf8')
    .split('\r\n');
  const added = new Map<string, string>();
  // The server's own lines come last; a stored header of the same name would come before them and must stay.
  let end = lines.length;
  while (end > 1 && (lines[end - 1] === '' || OWN_HEADERS.test(lines[end - 1] ?? ''))) {
    end -= 1;
    const line = lines[end] ?? '';
    const colon = line.indexOf(': ');
    if (colon > 0 && !added.has(line.slice(0, colon))) added.set(line.slice(0, colon), line.slice(colon + 2));
  }
  const stored = lines.slice(0, end);
  const [subject, sequence, time] = [
    added.get('Nats-Subject'),
    added.get('Nats-Sequence'),
    added.get('Nats-Time-Stamp'),
  ];
  if (subject === undefined || sequence === undefined || time === undefined) {
    throw new Error(`a direct get was answered without subject, sequence or time: ${lines.join(' / ')}`);
  }
  return {
    sequence: Number(sequence),
    timestampNs: nanosecondsOf(time),
    subject,
    headerBlock: stored.length <= 1 ? undefined : Buffer.from(`${stored.join('\r\n')}\r\n\r\n`),
    payload,
  };
}

/** Nanoseconds since the epoch of a time such as `2026-01-02T03:04:05.678901234Z`; a `Date` would lose the last six digits. */
export function nanosecondsOf(time: string): string {
  const [, seconds, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(time) ?? [];
  if (seconds === undefined) throw new Error(`not a time in UTC: ${time}`);
  return `${Date.parse(`${seconds}Z`) / 1_000}${fraction.padEnd(9, '0')}`;
}
