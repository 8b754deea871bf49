import { jsonText } from '../well-formed.ts';
import type { ExportedRun } from './exported-run.ts';
import { type Outcome, type ResultGroup, waivedText } from './result-groups.ts';

/** CTRF knows no error: what is not proved has failed. The verdict itself is in `rawStatus`. */
const STATUS: Readonly<Record<Outcome, 'passed' | 'failed' | 'skipped'>> = {
  passed: 'passed',
  failed: 'failed',
  error: 'failed',
  skipped: 'skipped',
};

/** A report of the Common Test Report Format (https://ctrf.io/docs/specification/overview): a test for each finding. */
export function renderCtrf(run: ExportedRun, groups: readonly ResultGroup[]): string {
  const tests = groups.flatMap((group) =>
    group.cases.map((each, index) => ({
      name: `${group.contract} › ${group.disaster} › ${each.name}`,
      status: STATUS[each.outcome],
      duration: index === 0 ? Math.round(group.durationMs) : 0,
      suite: [group.contract, group.disaster],
      message: each.waiver === null ? each.sentence : `${each.sentence} It is ${waivedText(each.waiver)}`,
      rawStatus: each.waiver === null ? each.verdict : 'waived',
      ...(group.began === null ? {} : { start: Date.parse(group.began) }),
      ...(group.ended === null ? {} : { stop: Date.parse(group.ended) }),
      type: group.drill === null ? 'check' : 'disaster-recovery drill',
      extra: {
        contract: group.contract,
        disaster: group.disaster,
        finding: each.name,
        verdict: each.verdict,
        owner: group.owner,
        priority: group.priority,
        drillId: group.drill?.drillId ?? null,
        ...group.figures,
      },
    })),
  );
  const count = (status: string) => tests.filter((test) => test.status === status).length;
  const report = {
    reportFormat: 'CTRF',
    specVersion: '0.0.0',
    generatedBy: 'dr-contracts',
    results: {
      tool: { name: 'dr-contracts', ...(run.harnessVersion === null ? {} : { version: run.harnessVersion }) },
      summary: {
        tests: tests.length,
        passed: count('passed'),
        failed: count('failed'),
        skipped: count('skipped'),
        pending: 0,
        other: 0,
        start: Date.parse(run.began),
        stop: Date.parse(run.ended ?? run.began),
      },
      tests,
      environment: {
        ...(run.target === null ? {} : { testEnvironment: run.target }),
        ...(run.commit === null ? {} : { commit: run.commit }),
        ...(run.ranBy?.runUrl ? { buildUrl: run.ranBy.runUrl } : {}),
      },
      extra: { runId: run.runId, command: run.command },
    },
  };
  return `${jsonText(report, 2)}\n`;
}
