import { LineReader } from '../../asset-kit/record-file.ts';
import type { Fingerprint } from '../../model/asset.ts';
import type { Comparison, Difference, ItemCounts } from '../../model/record.ts';
import type { Step } from '../../model/step.ts';
import { type Fields, fieldsSchema, NOTHING } from './fingerprint.ts';
import type { Place } from './names.ts';

const DIFFERENCES_A_KIND = 5;
const LINES_BETWEEN_PAUSES = 20_000;
const MESSAGE_FIELDS = [
  'sequence',
  'timestamp (ns)',
  'subject',
  'headers sha256',
  'payload sha256',
  'payload size',
  'content sha256',
];

const NOT_VERIFIED = [
  'which messages a consumer has delivered and not acknowledged, one by one, and how often each was redelivered: only their number and the ack floor',
  'how many messages a consumer has still to deliver: markers change it',
  'message ids remembered for deduplication',
];

type Kind = 'messages' | 'key-value revisions' | 'objects' | 'object chunks' | 'stream configurations' | 'consumers';

/**
 * Merges two fingerprint files, with one line of each in memory.
 * @throws {ExplainedError} when one of the files was changed after it was written.
 */
export async function compareFingerprints(
  expected: Fingerprint,
  observed: Fingerprint,
  places: readonly Place[],
  step: Pick<Step, 'signal'>,
): Promise<Comparison> {
  using left = new LineReader(expected);
  using right = new LineReader(observed);
  const tally = new Tally();
  try {
    for (const place of places) await comparePlace(place, left, right, tally, step.signal);
  } catch (error) {
    step.signal.throwIfAborted();
    // If a file was damaged, that error explains the invalid lines.
    for (const reader of [left, right]) reader.finish(error);
    throw error;
  }
  const unread = [left, right].map((reader) => reader.finish());
  if (unread.some((lines) => lines > 0)) throw new Error(`fingerprints with ${unread.join(' and ')} lines too many`);
  return { items: tally.counts(), firstDifferences: tally.differences, notVerified: [...NOT_VERIFIED] };
}

async function comparePlace(place: Place, left: LineReader, right: LineReader, tally: Tally, signal: AbortSignal) {
  for (const reader of [left, right]) {
    const heading = reader.take();
    if (heading !== `place\t${place.stream}`) throw new Error(`fingerprint of ${place.label}: found "${heading}"`);
    if (reader.peek() === 'absent') reader.take();
  }
  compareDescriptions(
    'stream configurations',
    takeDescription(left, 'config'),
    takeDescription(right, 'config'),
    () => place.label,
    tally,
  );
  for (;;) {
    const [a, b] = [nameOf(left.peek(), 'consumer'), nameOf(right.peek(), 'consumer')];
    if (a === undefined && b === undefined) break;
    const first = b === undefined || (a !== undefined && a <= b) ? a : b;
    compareDescriptions(
      'consumers',
      a === first ? takeDescription(left, 'consumer') : undefined,
      b === first ? takeDescription(right, 'consumer') : undefined,
      () => `consumer ${first} of ${place.label}`,
      tally,
    );
  }
  await compareMessages(place, left, right, tally, signal);
}

async function compareMessages(place: Place, left: LineReader, right: LineReader, tally: Tally, signal: AbortSignal) {
  for (let lines = 1; ; lines += 1) {
    if (lines % LINES_BETWEEN_PAUSES === 0) {
      signal.throwIfAborted();
      await new Promise(setImmediate);
    }
    const [a, b] = [messageLine(left.peek()), messageLine(right.peek())];
    if (a === undefined && b === undefined) return;
    if (a !== undefined && a === b) {
      left.take();
      right.take();
      tally.matched(kindOf(place, a));
      continue;
    }
    const [before, after] = [sequenceOf(a), sequenceOf(b)];
    if (a !== undefined && before <= after) left.take();
    if (b !== undefined && after <= before) right.take();
    if (a !== undefined && b !== undefined && before === after) {
      tally.differing(kindOf(place, a), itemOf(place, a), fieldsOf(a), fieldsOf(b));
    } else if (a !== undefined && before < after) tally.missing(kindOf(place, a), itemOf(place, a), shortOf(a));
    else if (b !== undefined) tally.extra(kindOf(place, b), itemOf(place, b), shortOf(b));
  }
}

function compareDescriptions(
  kind: Kind,
  expected: Fields | undefined,
  observed: Fields | undefined,
  item: () => string,
  tally: Tally,
) {
  if (expected === undefined && observed === undefined) return;
  if (expected === undefined) tally.extra(kind, item(), 'present');
  else if (observed === undefined) tally.missing(kind, item(), 'present');
  else if (JSON.stringify(expected) === JSON.stringify(observed)) tally.matched(kind);
  else tally.differing(kind, item(), expected, observed);
}

function nameOf(line: string | undefined, tag: string): string | undefined {
  if (line === undefined || !line.startsWith(`${tag}\t`)) return undefined;
  return line.split('\t', 2)[1];
}

function takeDescription(reader: LineReader, tag: 'config' | 'consumer'): Fields | undefined {
  if (nameOf(reader.peek(), tag) === undefined) return undefined;
  const line = reader.take() ?? '';
  return fieldsSchema.parse(JSON.parse(line.slice(line.indexOf('{'))));
}

const messageLine = (line: string | undefined) => (line?.startsWith('message\t') ? line : undefined);
const sequenceOf = (line: string | undefined) =>
  line === undefined ? Number.POSITIVE_INFINITY : Number(line.split('\t', 2)[1]);

function fieldsOf(line: string): Fields {
  const values = line.split('\t').slice(1);
  return Object.fromEntries(values.map((value, index) => [MESSAGE_FIELDS[index] ?? `field ${index}`, value]));
}

function shortOf(line: string): string {
  const [, , , subject = '', , payload = NOTHING, size = '0'] = line.split('\t');
  return `${subject}, ${size} bytes${payload === NOTHING ? '' : `, sha256 ${payload}`}`;
}

function kindOf(place: Place, line: string): Kind {
  if (place.kind === 'stream') return 'messages';
  if (place.kind === 'key-value') return 'key-value revisions';
  return line.split('\t', 4)[3]?.startsWith(`$O.${place.bucket}.M.`) ? 'objects' : 'object chunks';
}

function itemOf(place: Place, line: string): string {
  const [, sequence = '', , subject = ''] = line.split('\t', 4);
  if (place.kind === 'stream') return `${place.label} message ${sequence}`;
  if (place.kind === 'key-value') {
    return `${place.label} key ${subject.slice(`$KV.${place.bucket}.`.length)} revision ${sequence}`;
  }
  if (kindOf(place, line) === 'object chunks') return `${place.label} chunk ${sequence}`;
  const name = Buffer.from(subject.slice(`$O.${place.bucket}.M.`.length), 'base64url').toString('utf8');
  return `${place.label} object ${name}`;
}

type Counting = { -readonly [Key in keyof ItemCounts]: ItemCounts[Key] };

/** Counts everything and keeps the first few differences of each kind, so that many of one kind cannot hide another. */
class Tally {
  readonly differences: Difference[] = [];
  readonly #counts = new Map<Kind, Counting>();
  readonly #kept = new Map<Kind, number>();

  matched(kind: Kind): void {
    const counts = this.#of(kind);
    counts.expected += 1;
    counts.restored += 1;
    counts.matched += 1;
  }

  missing(kind: Kind, item: string, expected: string): void {
    const counts = this.#of(kind);
    counts.expected += 1;
    counts.missing += 1;
    this.#keep(kind, [{ item, field: 'existence', expected, observed: 'missing' }]);
  }

  extra(kind: Kind, item: string, observed: string): void {
    const counts = this.#of(kind);
    counts.restored += 1;
    counts.extra += 1;
    this.#keep(kind, [{ item, field: 'existence', expected: 'nothing', observed }]);
  }

  differing(kind: Kind, item: string, expected: Fields, observed: Fields): void {
    const counts = this.#of(kind);
    counts.expected += 1;
    counts.restored += 1;
    counts.differing += 1;
    const fields = [...new Set([...Object.keys(expected), ...Object.keys(observed)])];
    const differing = fields.filter((field) => expected[field] !== observed[field]);
    this.#keep(
      kind,
      differing.map((field) => ({
        item,
        field,
        expected: expected[field] ?? 'not set',
        observed: observed[field] ?? 'not set',
      })),
    );
  }

  counts(): ItemCounts[] {
    return [...this.#counts.values()];
  }

  #of(kind: Kind): Counting {
    const known = this.#counts.get(kind);
    if (known !== undefined) return known;
    const made = { kind, expected: 0, restored: 0, matched: 0, missing: 0, extra: 0, differing: 0 };
    this.#counts.set(kind, made);
    return made;
  }

  #keep(kind: Kind, differences: readonly Difference[]): void {
    const kept = this.#kept.get(kind) ?? 0;
    if (kept >= DIFFERENCES_A_KIND) return;
    this.#kept.set(kind, kept + 1);
    // One by one: an item may have more differing fields than the maximum number of arguments of a call.
    for (const difference of differences) this.differences.push(difference);
  }
}
