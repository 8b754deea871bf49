import type { Waiver } from '../gate/waivers.ts';
import { canonicalText, commitSubject, drillResultStatement, sha256Of } from '../ledger/statement.ts';
import type { ExportedRun } from './exported-run.ts';
import type { RunFormat, StateFormat } from './format-names.ts';
import { renderComment, renderSummary } from './markdown.ts';
import { renderMetrics } from './metrics.ts';
import { renderOscal } from './oscal.ts';
import { renderOtlpTrace } from './otlp-trace.ts';
import { type ResultGroup, resultGroups } from './result-groups.ts';
import { csvHead, csvLines, renderResultsJson } from './result-row.ts';
import type { Series } from './series.ts';
import { renderCtrf, renderGitlab, renderJunit } from './test-reports.ts';

/** Formats that show one run. */
const OF_A_RUN: Readonly<
  Record<RunFormat, (run: ExportedRun, groups: readonly ResultGroup[]) => string | Iterable<string>>
> = {
  junit: (_run, groups) => renderJunit(groups),
  ctrf: renderCtrf,
  'in-toto': inTotoLines,
  oscal: renderOscal,
  otlp: renderOtlpTrace,
  'github-summary': renderSummary,
  'github-comment': renderComment,
  gitlab: renderGitlab,
  csv: csvOf,
  json: renderResultsJson,
};

/** Yields the text of a run in one format, in pieces. */
export function exportRun(
  format: string,
  run: ExportedRun,
  waivers: readonly Waiver[],
  atMs: number,
): Iterable<string> {
  if (!Object.hasOwn(OF_A_RUN, format)) throw new Error(`no format of a run: ${format}`);
  const text = OF_A_RUN[format as RunFormat](run, resultGroups(run, { waivers, atMs }));
  return typeof text === 'string' ? [text] : text;
}

export const exportState = (format: StateFormat, series: readonly Series[]): Iterable<string> =>
  renderMetrics(series, format);

function* csvOf(run: ExportedRun, groups: readonly ResultGroup[]): Generator<string> {
  yield* csvHead();
  yield* csvLines(run, groups);
}

/**
 * Yields one unsigned test-result statement per line; the ledger holds signed ones. If no commit is known, the subject is the record.
 */
function* inTotoLines(_run: ExportedRun, groups: readonly ResultGroup[]): Generator<string> {
  for (const { drill } of groups) {
    if (drill === null) continue;
    const { commit } = drill.environment;
    const record = { name: `drill record ${drill.drillId}`, digest: { sha256: sha256Of(canonicalText(drill)) } };
    yield `${canonicalText(drillResultStatement(drill, [commit === null ? record : commitSubject(commit)]))}\n`;
  }
}
