import { sha256Of } from '../ledger/statement.ts';
import { jsonText } from '../well-formed.ts';
import type { ExportedRun } from './exported-run.ts';
import { type ResultCase, type ResultGroup, waivedText } from './result-groups.ts';

/**
 * A Code Quality report for GitLab (`artifacts:reports:codequality`): one issue for each finding that is not as promised. A waived one is
 * `info`. Form: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format, a subset of Code Climate's.
 */
export const renderGitlab = (run: ExportedRun, groups: readonly ResultGroup[]): string =>
  `${jsonText(gitlabIssues(run, groups), 2)}\n`;

export function gitlabIssues(run: ExportedRun, groups: readonly ResultGroup[]) {
  const files = new Map(run.promises?.map(({ contract, file }) => [contract, file]));
  return groups.flatMap((group) =>
    group.cases
      .filter(({ verdict }) => verdict !== 'met')
      .map((each) => ({
        type: 'issue' as const,
        check_name: `dr-contracts/${each.name}`,
        description:
          `${group.contract} › ${group.disaster}: ${each.sentence}${each.waiver === null ? '' : ` It is ${waivedText(each.waiver)}`}`.replaceAll(
            /\s+/g,
            ' ',
          ),
        categories: ['Bug Risk' as const],
        severity: severityOf(each),
        // The same in every run, so that GitLab tells new problems from known ones.
        fingerprint: sha256Of(JSON.stringify([group.contract, group.disaster, each.name])),
        location: { path: files.get(group.contract) ?? 'dr-contracts.config.ts', lines: { begin: 1, end: 1 } },
      })),
  );
}

function severityOf({ outcome, verdict }: ResultCase): 'info' | 'minor' | 'critical' | 'blocker' {
  if (outcome === 'skipped') return 'info';
  if (outcome === 'failed') return 'blocker';
  return verdict === 'unproven' ? 'critical' : 'minor';
}
