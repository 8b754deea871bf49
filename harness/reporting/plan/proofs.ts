import { z } from 'zod';
import { holderName, type PlanHolder, type PlanProof } from '../../model/plan.ts';
import type { RunRecord } from '../../model/record.ts';
import type { KnownHolders } from '../../verdict/plan.ts';
import { verdictOf } from '../run-summary.ts';
import { definitionDigest, digestOf, type RunbookContract } from '../runbook/runbook-contract.ts';

/** A posture contract, as far as a line of a plan can be held by its checks. */
export interface KnownPosture {
  readonly name: string;
  readonly checks: readonly { readonly name: string; readonly promise: string }[];
}

/** Everything that may hold a line, with a digest of what each drill and check promises now. */
export function knownHolders(
  contracts: readonly RunbookContract[],
  postures: readonly KnownPosture[],
  tests: readonly PlanHolder[],
): KnownHolders {
  const drills = contracts.flatMap(({ facts, disasters }) =>
    disasters.map(
      (disaster) =>
        [
          holderName({ contract: facts.name, disaster: disaster.name }),
          definitionDigest(facts, disaster) as string | null,
        ] as const,
    ),
  );
  const checks = postures.flatMap((posture) =>
    posture.checks.map((check) => [nameOfCheck(posture.name, check.name), digestOf(check.promise)] as const),
  );
  return { definitions: new Map([...drills, ...checks, ...tests.map((test) => [holderName(test), null] as const)]) };
}

/** What a run says of everything that may hold a line. */
export function proofsOfRun({ target, drills, postures = [] }: RunRecord): readonly PlanProof[] {
  return [
    ...drills.map((drill) => ({
      holder: holderName({ contract: drill.contract.name, disaster: drill.disaster.name }),
      target: drill.environment.target,
      verdict: verdictOf(drill),
      at: (drill.moments.ended ?? drill.moments.began)?.utc ?? '',
      why: drill.judgement?.sentence ?? 'it was not judged',
      definition: definitionDigest(drill.contract, drill.disaster),
    })),
    ...postures.flatMap(({ contract, at, checks }) =>
      checks.map(({ name, promise, verdict, sentence }) => ({
        holder: nameOfCheck(contract.name, name),
        target,
        verdict,
        at,
        why: sentence,
        definition: digestOf(promise),
      })),
    ),
  ];
}

/** What vitest and jest write with their reporter `json`, as far as it is read here. */
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

/** What a report of tests on a target says of the tests that hold a line. A test that was skipped proves nothing. */
export function proofsOfTests(
  report: TestReport,
  target: string,
  holders: readonly PlanHolder[],
): readonly PlanProof[] {
  const tests = holders.flatMap((holder) => ('test' in holder ? [holder] : []));
  return tests.flatMap((holder) =>
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
            definition: null,
          })),
      ),
  );
}

const VERDICTS: ReadonlyMap<string, PlanProof['verdict']> = new Map([
  ['passed', 'met'],
  ['failed', 'breached'],
]);

function whyOf(status: string, [first = '']: readonly string[]): string {
  if (status === 'passed') return '';
  return status === 'failed' ? `the test failed: ${first.split('\n', 1).join('')}` : `the test did not run (${status})`;
}

const nameOfCheck = (posture: string, check: string): string => holderName({ posture, check });
