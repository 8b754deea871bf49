import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import type { DrillRecord, Verdict } from '../../model/record.ts';
import { type EntryBody, entryBodySchema, type LedgerSubject } from '../entry.ts';
import { wellFormed } from '../well-formed.ts';

// The statements of a ledger: in-toto Statement v1 (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md). One carries the
// whole entry. A drill has a second one with the standard test-result predicate
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md), for readers that support only that.

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
/** The last part is the version of the predicate's form. */
export const ENTRY_VERSION = 1;
export const ENTRY_PREDICATE = `urn:dr-contracts:ledger-entry:v${ENTRY_VERSION}`;
export const ENTRY_PREDICATE_OF_ANY_VERSION = /^urn:dr-contracts:ledger-entry:v(\d+)$/;
export const TEST_RESULT_PREDICATE = 'https://in-toto.io/attestation/test-result/v0.1';

const subjectSchema = z.object({
  name: z.string(),
  digest: z
    .record(z.string(), z.string())
    .refine((digests) => Object.keys(digests).length > 0, 'has no digest')
    // A JSON schema does not include refinements.
    .meta({ minProperties: 1 }),
});

export const statementSchema = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(subjectSchema).min(1),
  predicateType: z.string(),
  predicate: z.record(z.string(), z.unknown()),
});
export type Statement = z.infer<typeof statementSchema>;

/** The schema of the entry predicate, except for its body, which has its own. */
export const entryPredicateSchema = z.object({
  sequence: z.number().int().positive(),
  previous: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .nullable(),
  body: z.looseObject({ kind: z.string() }),
});

/** The schema of the whole statement of an entry, for publication. */
export const entryStatementSchema = statementSchema.extend({
  predicateType: z.literal(ENTRY_PREDICATE),
  predicate: entryPredicateSchema.extend({ body: entryBodySchema }),
});

/**
 * Returns canonical JSON (RFC 8785), so each statement has one text. RFC 8785 refuses half of a surrogate pair, which occurs in program
 * output that was cut inside a character. U+FFFD replaces it, as in UTF-8 output.
 */
export function canonicalText(value: unknown): string {
  const text = canonicalizeWellFormed(value);
  if (text === undefined) throw new Error('nothing to write as JSON');
  return text;
}

function canonicalizeWellFormed(value: unknown): string | undefined {
  try {
    return canonicalize(value);
  } catch {
    // Only after an error, because nearly every text is well formed. Other errors are thrown again.
    return canonicalize(wellFormed(value));
  }
}

export const sha256Of = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export interface EntryPlace {
  readonly sequence: number;
  readonly previous: string | null;
}

export function entryStatement(place: EntryPlace, body: EntryBody, subjects: readonly LedgerSubject[]): Statement {
  return statement(subjectsOf(body, subjects), ENTRY_PREDICATE, {
    sequence: place.sequence,
    previous: place.previous,
    body,
  });
}

/** Returns the test result of a drill; undefined for any other entry. */
export const testResultStatement = (body: EntryBody, subjects: readonly LedgerSubject[]): Statement | undefined =>
  body.kind === 'drill' ? drillResultStatement(body.record, subjectsOf(body, subjects)) : undefined;

/** Returns the test result of a record. It lacks the measurement version, which the record itself names if it is known. */
export function drillResultStatement(record: DrillRecord, subjects: readonly LedgerSubject[]): Statement {
  const findings = record.judgement?.findings ?? [];
  const named = (result: TestResult) =>
    findings
      .filter(({ verdict }) => RESULT_OF[verdict] === result)
      .map(({ name }) => `${record.contract.name}/${record.disaster.name}/${name}`);
  return statement(subjects, TEST_RESULT_PREDICATE, {
    result: testResultOf(record),
    configuration: configurationOf(record, record),
    passedTests: named('PASSED'),
    warnedTests: named('WARNED'),
    failedTests:
      record.judgement === null ? [`${record.contract.name}/${record.disaster.name}/judgement`] : named('FAILED'),
  });
}

type TestResult = 'PASSED' | 'WARNED' | 'FAILED';

/** The standard has three results. An unproven drill is a failed one. */
const RESULT_OF: Readonly<Record<Verdict, TestResult>> = {
  met: 'PASSED',
  'at-risk': 'WARNED',
  breached: 'FAILED',
  unproven: 'FAILED',
};

/** Returns the standard's name of a drill's verdict. */
export const testResultOf = ({ judgement }: DrillRecord): string => RESULT_OF[judgement?.verdict ?? 'unproven'];

/**
 * Returns the drilled contract, and the record from which the result was computed.
 * @param written the record as written.
 * @param textOf the serialiser. The members of a stored record are usually in canonical order: then `JSON.stringify` gives the canonical
 * text in 0.3 of the time (20 records of the reference platform, Node 24). Otherwise, the digest differs.
 */
export function configurationOf({ contract, drillId }: DrillRecord, written: unknown, textOf = canonicalText) {
  const contractOf = (record: unknown): unknown =>
    typeof record === 'object' && record !== null && 'contract' in record ? record.contract : undefined;
  return [
    { name: `contract ${contract.name}`, digest: { sha256: sha256Of(textOf(contractOf(written))) } },
    { name: `drill record ${drillId}`, digest: { sha256: sha256Of(textOf(written)) } },
  ];
}

/** Returns the subjects of a statement, at least one. Without named subjects and a known commit, it is the entry's own content. */
function subjectsOf(body: EntryBody, given: readonly LedgerSubject[]): readonly LedgerSubject[] {
  if (given.length > 0) return given;
  const commit = body.kind === 'drill' ? body.record.environment.commit : body.kind === 'run-started' && body.commit;
  if (commit) return [commitSubject(commit)];
  return [{ name: body.kind, digest: { sha256: sha256Of(canonicalText(body)) } }];
}

export const commitSubject = (commit: string): LedgerSubject => ({ name: 'source', digest: { gitCommit: commit } });

const statement = (
  subject: readonly LedgerSubject[],
  predicateType: string,
  predicate: Record<string, unknown>,
): Statement => ({
  _type: STATEMENT_TYPE,
  subject: subject.map(({ name, digest }) => ({ name, digest: { ...digest } })),
  predicateType,
  predicate,
});
