import { isAscii, isUtf8 } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { summaryOf } from '../../model/errors.ts';
import { RECORD_SCHEMA_VERSION } from '../../model/record.ts';
import { counted } from '../../model/text.ts';
import { type EntryBody, entryBodySchema, type LedgerEntry, type LedgerSubject } from '../entry.ts';
import { type Envelope, envelopeLine, readEnvelope, type Signer } from './envelope.ts';
import {
  canonicalText,
  configurationOf,
  ENTRY_PREDICATE,
  ENTRY_PREDICATE_OF_ANY_VERSION,
  type EntryPlace,
  entryPredicateSchema,
  entryStatement,
  type Statement,
  sha256Of,
  statementSchema,
  TEST_RESULT_PREDICATE,
  testResultOf,
  testResultStatement,
} from './statement.ts';

// One entry is one file of one or two lines: the envelope of the entry, and for a drill that of its test result. Such a file is
// an in-toto bundle (https://github.com/in-toto/attestation/blob/main/spec/v1/bundle.md).

const NAME = /^(\d{10})\.intoto\.jsonl$/;
const DIGITS = 10;
export const MOST_ENTRIES = 10 ** DIGITS - 1;

/** Returns the file name of an entry. Names sort in the order of their sequence numbers. */
export const entryName = (sequence: number): string => `${String(sequence).padStart(DIGITS, '0')}.intoto.jsonl`;

/** Returns the sequence number in a name; undefined for a file that is no entry. */
export function sequenceIn(name: string): number | undefined {
  const [, digits] = NAME.exec(name) ?? [];
  return digits === undefined || Number(digits) === 0 ? undefined : Number(digits);
}

/** Returns the digest of an entry's file, as `sha256sum` computes it. */
export const digestOf = (bytes: Uint8Array): string => `sha256:${sha256Of(bytes)}`;

/** An entry with the data for checking its signatures. */
export interface StoredEntry extends LedgerEntry {
  readonly subjects: readonly LedgerSubject[];
  /** The entry's envelope, and that of the test result if there is one. */
  readonly envelopes: readonly Envelope[];
}

/** A file that is no entry, or that this version cannot read. */
export interface UnreadableEntry {
  readonly digest: string;
  readonly reason: string;
  /** True when a later version of dr-contracts wrote it. */
  readonly isNewer: boolean;
}

export const isUnreadable = (entry: StoredEntry | UnreadableEntry): entry is UnreadableEntry => 'isNewer' in entry;

/** Returns the bytes of an entry's file. */
export async function encodeEntry(
  place: EntryPlace,
  body: EntryBody,
  options: { readonly subjects: readonly LedgerSubject[]; readonly signer: Signer | undefined },
  signal: AbortSignal,
): Promise<Buffer> {
  const statements = [entryStatement(place, body, options.subjects), testResultStatement(body, options.subjects)];
  let text = '';
  for (const statement of statements) {
    if (statement !== undefined) text += `${await envelopeLine(statement, options.signer, signal)}\n`;
  }
  return Buffer.from(text);
}

/** Decodes the bytes of an entry's file. It does not check signatures. */
export function decodeEntry(bytes: Uint8Array): StoredEntry | UnreadableEntry {
  const digest = digestOf(bytes);
  try {
    return { digest, ...readLines(asciiOf(bytes)) };
  } catch (error) {
    return { digest, reason: summaryOf(error), isNewer: error instanceof NewerVersion };
  }
}

class NewerVersion extends Error {}

/** Returns the text of a file, which must be ASCII: an envelope is JSON of base64. */
function asciiOf(bytes: Uint8Array): string {
  if (!isAscii(bytes)) throw new Error('it is not written as dr-contracts writes it');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function readLines(text: string): Omit<StoredEntry, 'digest'> {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('its last line is cut off');
  if (lines.length === 0) throw new Error('it is empty');
  const envelopes = lines.map(readEnvelope);
  const [statement, ...more] = envelopes.map(readStatement);
  if (statement === undefined) throw new Error('it is empty');
  requireKnownPredicate(statement);
  const { sequence, previous, body: written } = entryPredicateSchema.parse(statement.predicate);
  const body = readBody(written);
  requireOwnTestResult(statement, { body, record: written['record'] }, more);
  return {
    sequence,
    previous,
    keyId: envelopes[0]?.signature?.keyId ?? null,
    body,
    subjects: statement.subject,
    envelopes,
  };
}

function readStatement({ payload }: Envelope): Statement {
  if (!isUtf8(payload)) throw new Error('its text is not UTF-8');
  return statementSchema.parse(JSON.parse(payload.toString()));
}

function requireKnownPredicate({ predicateType }: Statement): void {
  if (predicateType === ENTRY_PREDICATE) return;
  const [, version] = ENTRY_PREDICATE_OF_ANY_VERSION.exec(predicateType) ?? [];
  if (version === undefined) throw new Error(`it holds another statement (${predicateType})`);
  throw new NewerVersion(`it is a ledger entry of version ${version}, and this dr-contracts reads version 1`);
}

function readBody(written: z.infer<typeof entryPredicateSchema>['body']): EntryBody {
  const version = schemaVersionIn(written);
  if (version !== undefined && version > RECORD_SCHEMA_VERSION) {
    throw new NewerVersion(
      `its record has version ${version}, and this dr-contracts reads records up to version ${RECORD_SCHEMA_VERSION}`,
    );
  }
  if (!KINDS.has(written.kind)) {
    throw new NewerVersion(`it is of the kind "${written.kind}", which this dr-contracts cannot read`);
  }
  return entryBodySchema.parse(written);
}

const KINDS: ReadonlySet<string> = new Set(entryBodySchema.options.map(({ shape }) => shape.kind.value));

function schemaVersionIn(body: Readonly<Record<string, unknown>>): number | undefined {
  for (const record of [body['record'], body['run']]) {
    if (typeof record !== 'object' || record === null || !('schemaVersion' in record)) continue;
    if (typeof record.schemaVersion === 'number') return record.schemaVersion;
  }
  return undefined;
}

/**
 * Requires that a drill's file also has the test result of this drill, and that no other entry has one.
 * @param entry.record the record as read: fields that this version does not know are part of its digest.
 */
function requireOwnTestResult(
  { subject }: Statement,
  entry: { readonly body: EntryBody; readonly record: unknown },
  more: readonly Statement[],
): void {
  const { body } = entry;
  const expected = body.kind === 'drill' ? 1 : 0;
  const [found] = more;
  if (more.length !== expected) {
    throw new Error(`it has ${counted(more.length, 'test result')}, but a ${body.kind} has ${expected}`);
  }
  if (body.kind !== 'drill' || found === undefined) return;
  if (found.predicateType !== TEST_RESULT_PREDICATE) throw new Error('the statement beside it is not a test result');
  const { result, configuration } = found.predicate;
  const isOfRecord =
    result === testResultOf(body.record) &&
    isDeepStrictEqual(found.subject, subject) &&
    [JSON.stringify, canonicalText].some((textOf) =>
      isDeepStrictEqual(configuration, configurationOf(body.record, entry.record, textOf)),
    );
  if (!isOfRecord) throw new Error('the test result beside it is not that of its record');
}
