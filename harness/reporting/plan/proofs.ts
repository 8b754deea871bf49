import { z } from 'zod';
import { holderName, type PlanHolder, type PlanProof } from '../../model/plan.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { KnownHolders } from '../../verdict/plan.ts';
import { verdictOf } from '../run-summary.ts';
import { definitionDigest, type RunbookContract, type RunbookDisaster } from '../runbook/runbook-contract.ts';

/** A posture contract, as far as its checks can hold a line of a plan. */
export interface KnownPosture {
  readonly name: string;
  readonly checks: readonly {
    readonly name: string /** A digest; null where a file behind it cannot be read. */;
    readonly definition: string | null;
  }[];
}

/** A test that holds a line, with the digest of its file. */
export interface KnownTest {
  readonly holder: PlanHolder;
  readonly definition: string;
}

/** Returns all possible holders of a line, each with a digest of its present definition. */
export function knownHolders(
  contracts: readonly RunbookContract[],
  postures: readonly KnownPosture[],
  tests: readonly KnownTest[],
): KnownHolders {
  const drills = contracts.flatMap(({ facts, disasters }) =>
    disasters.map(
      (disaster) =>
        [holderName({ contract: facts.name, disaster: disaster.name }), definitionOf(facts, disaster)] as const,
    ),
  );
  const checks = postures.flatMap((posture) =>
    posture.checks.map((check) => [nameOfCheck(posture.name, check.name), check.definition] as const),
  );
  const ofTests = tests.map(({ holder, definition }) => [holderName(holder), definition] as const);
  return { definitions: new Map<string, string | null>([...drills, ...checks, ...ofTests]) };
}

/** Returns a run's proofs about every possible holder of a line. */
export function proofsOfRun({ target, drills, postures = [] }: RunRecord): readonly PlanProof[] {
  return [
    ...drills.map((drill) => ({
      holder: holderName({ contract: drill.contract.name, disaster: drill.disaster.name }),
      target: drill.environment.target,
      verdict: verdictOf(drill),
      at: (drill.moments.ended ?? drill.moments.began)?.utc ?? '',
      why: drill.judgement?.sentence ?? 'it was not judged',
      definition: definitionOf(drill.contract, drill.disaster),
    })),
    ...postures.flatMap(({ contract, at, checks }) =>
      checks.map(({ name, definition = null, verdict, sentence }) => ({
        holder: nameOfCheck(contract.name, name),
        target,
        verdict,
        at,
        why: sentence,
        definition,
      })),
    ),
  ];
}

/** Null if the files behind the drill were not read; then it is unknown what it proved. */
const definitionOf = (facts: RunbookContract['facts'], disaster: RunbookDisaster): string | null =>
  facts.definition === undefined ? null : definitionDigest(facts, disaster);

/** The fields read from the output of vitest and jest with the reporter `json`. */
export const testReportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      startTime: z.number(),
      endTime: z.number().optional(),
      assertionResults: z.array(
        z.object({
          title: z.string(),
          ancestorTitles: z.array(z.string()),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});
export type TestReport = z.infer<typeof testReportSchema>;

/**
 * Returns the proofs in a test report on a target. A skipped test proves nothing. A report does not contain the file's content. The present
 * content is assumed, and `seenFirst` corrects this from an earlier page.
 */
export function proofsOfTests(report: TestReport, target: string, known: readonly KnownTest[]): readonly PlanProof[] {
  const tests = known.flatMap(({ holder, definition }) => ('test' in holder ? [{ holder, definition }] : []));
  return tests.flatMap(({ holder, definition }) =>
    report.testResults
      .filter(({ name }) => name === holder.test || name.endsWith(`/${holder.test}`))
      .flatMap(({ startTime, endTime = startTime, assertionResults }) =>
        assertionResults
          .filter(({ title, ancestorTitles }) =>
            [title, [...ancestorTitles, title].join(' '), [...ancestorTitles, title].join(' > ')].includes(holder.name),
          )
          .map(({ status, failureMessages }) => ({
            holder: holderName(holder),
            target,
            verdict: VERDICTS.get(status) ?? 'unproven',
            at: new Date(endTime).toISOString(),
            why: whyOf(status, failureMessages ?? []),
            definition,
          })),
      ),
  );
}

/**
 * Drops results that an earlier page already names: the page was written when the report was newer, so its digest is that of the tested
 * file, or closer to it.
 */
export function seenFirst(ofReports: readonly PlanProof[], onPage: readonly PlanProof[]): readonly PlanProof[] {
  const known = new Set(onPage.map(resultOf));
  return ofReports.filter((proof) => !known.has(resultOf(proof)));
}

const resultOf = ({ holder, target, at }: PlanProof): string => [holder, target, at].join('\n');

const VERDICTS: ReadonlyMap<string, PlanProof['verdict']> = new Map([
  ['passed', 'met'],
  ['failed', 'breached'],
]);

function whyOf(status: string, [first = '']: readonly string[]): string {
  if (status === 'passed') return '';
  return status === 'failed' ? `the test failed: ${first.split('\n', 1).join('')}` : `the test did not run (${status})`;
}

const nameOfCheck = (posture: string, check: string): string => holderName({ posture, check });
