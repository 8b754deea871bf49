import type { Verdict } from '../../model/record.ts';
import { formatDuration, KEEPS_NO_DATA } from '../../model/units.ts';
import { markdownCell, markdownCode } from '../../reporting/text.ts';
import type { ExportedRun, RunEnding } from './exported-run.ts';
import { countOutcomes, type Outcome, type ResultGroup, waivedText } from './result-groups.ts';

/**
 * GitHub refuses a job summary of more than 1 MiB
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions#step-isolation-and-limits) and a comment of more than
 * 65,536 characters. A text says how many results did not fit.
 */
const SUMMARY_BYTES = 1_000_000;
const COMMENT_BYTES = 60_000;

/** A workflow finds its own comment by this mark, and edits it instead of adding another. */
export const COMMENT_MARKER = '<!-- dr-contracts: drill results -->';

/** Returns the summary of a job, for `$GITHUB_STEP_SUMMARY`. */
export const renderSummary = (run: ExportedRun, groups: readonly ResultGroup[]): string =>
  markdown(run, groups, SUMMARY_BYTES);

/** The body of one comment on a pull request, with its marker in the first line. */
export const renderComment = (run: ExportedRun, groups: readonly ResultGroup[]): string =>
  `${COMMENT_MARKER}\n${markdown(run, groups, COMMENT_BYTES - COMMENT_MARKER.length - 1)}`;

const SIGNS: Readonly<Record<Verdict, string>> = { met: '✅', 'at-risk': '⚠️', breached: '❌', unproven: '❓' };
/** Texts for a run that did not finish. */
const ENDINGS: Readonly<Record<RunEnding, string>> = {
  finished: '',
  failed: ', and failed',
  interrupted: ', and was interrupted',
  killed: ', and was killed',
  unknown: ', its end is not known',
};
const URGENCY: readonly Outcome[] = ['failed', 'error', 'skipped', 'passed'];

function markdown(run: ExportedRun, groups: readonly ResultGroup[], mostBytes: number): string {
  const counts = countOutcomes(groups);
  const head = [
    `## Disaster recovery: ${headline(counts, groups.length)}`,
    '',
    '| Promise | Verdict | RTA of RTO | RPA of RPO | What happened |',
    '| --- | --- | --- | --- | --- |',
    '',
  ].join('\n');
  const foot = [
    '',
    `Run ${markdownCode(run.runId)}${run.target === null ? '' : ` on ${markdownCode(run.target)}`}${run.commit === null ? '' : `, commit ${markdownCode(run.commit)}${run.dirty === true ? ' with uncommitted changes' : ''}`}, began ${run.began}${ENDINGS[run.ending]}.`,
    ...logLink(run.ranBy?.runUrl ?? ''),
    '',
  ].join('\n');
  const urgent = groups.toSorted((a, b) => URGENCY.indexOf(a.outcome) - URGENCY.indexOf(b.outcome));
  const rows: string[] = [];
  // Room for the sentence that says how many were left out.
  let left = mostBytes - bytes(head) - bytes(foot) - 200;
  for (const group of urgent) {
    const row = rowOf(group);
    left -= bytes(row);
    if (left < 0) break;
    rows.push(row);
  }
  const cut = urgent.length - rows.length;
  const note =
    cut === 0
      ? ''
      : `\n${cut} more ${cut === 1 ? 'promise does' : 'promises do'} not fit here. They are in the report.\n`;
  return head + rows.join('') + note + foot;
}

/** Returns a link; only a web address becomes one. */
function logLink(runUrl: string): readonly string[] {
  const url = URL.canParse(runUrl) ? new URL(runUrl) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return [];
  return ['', `[Log of the run](${url.href.replaceAll('(', '%28').replaceAll(')', '%29')})`];
}

function headline(counts: Readonly<Record<Outcome, number>>, total: number): string {
  if (total === 0) return 'nothing was drilled, so nothing is proved';
  const parts = [
    [counts.failed, 'breached'],
    [counts.error, 'unproven'],
    [counts.skipped, 'waived'],
    [counts.passed, 'kept'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ');
}

function rowOf({ contract, disaster, verdict, outcome, sentence, figures, cases, owner }: ResultGroup): string {
  const { rtoMs, rtaMs, rtaIsLowerBound, rpoMs, rpaMs, rpaIsLowerBound, keepsNoData } = figures;
  const waiver = cases.find((each) => each.waiver !== null)?.waiver;
  const said = waiver ? `${sentence} It is ${waivedText(waiver)}` : sentence;
  const word = outcome === 'skipped' ? `${verdict}, waived` : verdict;
  return `| ${[
    `${markdownCode(contract)} › ${markdownCode(disaster)}${owner === null ? '' : ` (${markdownCell(owner)})`}`,
    `${SIGNS[verdict]} ${word}`,
    ofObjective(rtaMs, rtaIsLowerBound, rtoMs),
    keepsNoData === true ? KEEPS_NO_DATA : ofObjective(rpaMs, rpaIsLowerBound, rpoMs),
    markdownCell(said),
  ].join(' | ')} |\n`;
}

const ofObjective = (actualMs: number | null, atLeast: boolean, objectiveMs: number | null): string =>
  actualMs === null || objectiveMs === null
    ? '–'
    : `${atLeast ? 'more than ' : ''}${formatDuration(actualMs)} of ${formatDuration(objectiveMs)}`;

const bytes = (text: string): number => Buffer.byteLength(text);
