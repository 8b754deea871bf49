import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import type { DrillRecord, Verdict } from '../../model/record.ts';
import { type EntryBody, entryBodySchema, type LedgerSubject } from '../entry.ts';
import { wellFormed } from '../well-formed.ts';

// The statements that a ledger holds: in-toto Statement v1
// (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md). One carries the whole entry. A drill has a second
// one with the standard test-result predicate (https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md),
// for readers that know only that.

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
    // A refinement is not in a JSON schema by itself.
    .meta({ minProperties: 1 }),
});

export const statementSchema = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(subjectSchema).min(1),
  predicateType: z.string(),
  predicate: z.record(z.string(), z.unknown()),
});
export type Statement = z.infer<typeof statementSchema>;

/** The form of the entry predicate, apart from its body, which has a schema of its own. */
export const entryPredicateSchema = z.object({
  sequence: z.number().int().positive(),
  previous: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .nullable(),
  body: z.looseObject({ kind: z.string() }),
});

/** The whole statement of an entry, for the published schema. */
export const entryStatementSchema = statementSchema.extend({
  predicateType: z.literal(ENTRY_PREDICATE),
  predicate: entryPredicateSchema.extend({ body: entryBodySchema }),
});

/**
 * Canonical JSON (RFC 8785), so that one statement has one text. RFC 8785 refuses half of a surrogate pair, which the output of a program
 * holds if it was cut inside a character: U+FFFD takes its place, as in any text that is written as UTF-8.
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
    // Only then: nearly every text is well formed. What is wrong otherwise is thrown again.
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

/** The test result of a drill; undefined for every other entry. */
export const testResultStatement = (body: EntryBody, subjects: readonly LedgerSubject[]): Statement | undefined =>
  body.kind === 'drill' ? drillResultStatement(body.record, subjectsOf(body, subjects)) : undefined;

/** The test result of a record. Nothing is said of how it was measured: the record itself names its version where it is known. */
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

/** The standard knows three results. What is not proved has failed. */
const RESULT_OF: Readonly<Record<Verdict, TestResult>> = {
  met: 'PASSED',
  'at-risk': 'WARNED',
  breached: 'FAILED',
  unproven: 'FAILED',
};

/** What the standard calls the verdict of a drill. */
export const testResultOf = ({ judgement }: DrillRecord): string => RESULT_OF[judgement?.verdict ?? 'unproven'];

/**
 * The contract as it was drilled, and the record that the result was computed from.
 * @param written the record as it is written down.
 * @param textOf where a record was read, its members are mostly in the canonical order already: then `JSON.stringify` gives its canonical
 * text, in 0.3 of the time (20 records of the reference platform, Node 24). Where it does not, the digest is another one.
 */
export function configurationOf({ contract, drillId }: DrillRecord, written: unknown, textOf = canonicalText) {
  const contractOf = (record: unknown): unknown =>
    typeof record === 'object' && record !== null && 'contract' in record ? record.contract : undefined;
  return [
    { name: `contract ${contract.name}`, digest: { sha256: sha256Of(textOf(contractOf(written))) } },
    { name: `drill record ${drillId}`, digest: { sha256: sha256Of(textOf(written)) } },
  ];
}

/** A statement has at least one subject. Where nothing was named and no commit is known, it is the entry's own content. */
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
