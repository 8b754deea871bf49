import type { Verdict } from '../../model/record.ts';
import { formatDuration } from '../../model/units.ts';
import type { ExportedRun } from './exported-run.ts';
import { countOutcomes, type Outcome, type ResultGroup, waivedText } from './result-groups.ts';

/**
 * GitHub refuses a job summary of more than 1 MiB
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions#step-isolation-and-limits) and a comment of more than
 * 65,536 characters. What does not fit is counted, and never left out silently.
 */
const SUMMARY_BYTES = 1_000_000;
const COMMENT_BYTES = 60_000;
/** A cell longer than this is cut: the report has the whole sentence. */
const CELL_CHARACTERS = 1_000;

/** By which a workflow finds its own comment, to edit it instead of adding another. */
export const COMMENT_MARKER = '<!-- dr-contracts: drill results -->';

/** The summary of a job, for `$GITHUB_STEP_SUMMARY`. */
export const renderSummary = (run: ExportedRun, groups: readonly ResultGroup[]): string =>
  markdown(run, groups, SUMMARY_BYTES);

/** The body of one comment on a pull request, with its marker in the first line. */
export const renderComment = (run: ExportedRun, groups: readonly ResultGroup[]): string =>
  `${COMMENT_MARKER}\n${markdown(run, groups, COMMENT_BYTES - COMMENT_MARKER.length - 1)}`;

const SIGNS: Readonly<Record<Verdict, string>> = { met: '✅', 'at-risk': '⚠️', breached: '❌', unproven: '❓' };
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
    `Run ${code(run.runId)}${run.target === null ? '' : ` on ${code(run.target)}`}${run.commit === null ? '' : `, commit ${code(run.commit)}${run.dirty === true ? ' with uncommitted changes' : ''}`}, began ${run.began}${run.ended === null ? ', its end is not known' : ''}.`,
    ...(run.ranBy?.runUrl ? [`Log of the run: ${cell(run.ranBy.runUrl)}`] : []),
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

function headline(counts: Readonly<Record<Outcome, number>>, total: number): string {
  if (total === 0) return 'nothing was drilled, so nothing is proved';
  const parts = [
    [counts.failed, 'breached'],
    [counts.error, 'unproven'],
    [counts.skipped, 'waived or left out'],
    [counts.passed, 'kept'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ');
}

function rowOf({ contract, disaster, verdict, outcome, sentence, figures, cases, owner }: ResultGroup): string {
  const { rtoMs, rtaMs, rtaIsLowerBound, rpoMs, rpaMs, rpaIsLowerBound } = figures;
  const waiver = cases.find((each) => each.waiver !== null)?.waiver;
  const said = waiver ? `${sentence} It is ${waivedText(waiver)}` : sentence;
  const word = outcome === 'skipped' ? `${verdict}, ${waiver ? 'waived' : 'left out'}` : verdict;
  return `| ${[
    `${code(contract)} › ${code(disaster)}${owner === null ? '' : ` (${cell(owner)})`}`,
    `${SIGNS[verdict]} ${word}`,
    ofObjective(rtaMs, rtaIsLowerBound, rtoMs),
    ofObjective(rpaMs, rpaIsLowerBound, rpoMs),
    cell(said),
  ].join(' | ')} |\n`;
}

const ofObjective = (actualMs: number | null, atLeast: boolean, objectiveMs: number | null): string =>
  actualMs === null || objectiveMs === null
    ? '–'
    : `${atLeast ? 'more than ' : ''}${formatDuration(actualMs)} of ${formatDuration(objectiveMs)}`;

/** Text inside a table: no mark-up, mention or link of a name or a sentence may become part of the page. */
export function cell(text: string): string {
  const oneLine = text.toWellFormed().replaceAll(CONTROLS, ' ').replaceAll(/\s+/g, ' ').trim();
  const short = oneLine.length > CELL_CHARACTERS ? `${oneLine.slice(0, CELL_CHARACTERS).toWellFormed()}…` : oneLine;
  return short
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\|*_[\]`~!]/g, '\\$&')
    .replaceAll(/[@#](?=\w)/g, '$&​');
}

/** A name as code. GitHub's tables need their bars escaped even there. */
function code(name: string): string {
  const oneLine = name.toWellFormed().replaceAll(CONTROLS, ' ').replaceAll(/\s+/g, ' ').trim();
  return oneLine.includes('`') || oneLine === '' ? cell(oneLine) : `\`${oneLine.replaceAll('|', '\\|')}\``;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to replace.
const CONTROLS = /[\u0000-\u001F\u007F-\u009F\u2028\u2029]/g;
const bytes = (text: string): number => Buffer.byteLength(text);
