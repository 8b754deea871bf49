import { z } from 'zod';
import { haltConditions } from '../../model/posture.ts';
import { verdicts } from '../../model/record.ts';
import { withoutControls } from '../../reporting/text.ts';
import { jsonText } from '../well-formed.ts';
import { type ExportedRun, runEndings } from './exported-run.ts';
import type { ResultCase, ResultGroup } from './result-groups.ts';

/** Increased when a reader of the old form would misread the new one. */
export const RESULTS_SCHEMA_VERSION = 1;

const utc = z.iso.datetime();
const milliseconds = z.number().nonnegative().nullable();

/** One finding of one drill, or one posture check. */
const resultRowSchema = z.strictObject({
  name: z.string().describe('`contract/disaster/finding`: the same in every run.'),
  contract: z.string(),
  disaster: z.string().describe('`posture` for a check without a drill; `run` for what concerns the whole contract.'),
  finding: z.string(),
  verdict: z.enum(verdicts),
  outcome: z
    .enum(['passed', 'failed', 'error', 'skipped'])
    .describe('failed: breached. error: not proved. skipped: waived.'),
  sentence: z.string(),
  waivedUntil: z.iso.date().nullable(),
  waivedBy: z.string().nullable().describe('Who approved the waiver.'),
  waiverReason: z.string().nullable(),
  priority: z.string().nullable(),
  owner: z.string().nullable(),
  controls: z.array(z.string()),
  began: utc.nullable(),
  ended: utc.nullable(),
  rtoMs: milliseconds,
  rtaMs: milliseconds,
  rtaIsLowerBound: z.boolean().describe('The real time is longer than `rtaMs`.'),
  rpoMs: milliseconds,
  rpaMs: milliseconds,
  rpaIsLowerBound: z.boolean().describe('The real loss is longer than `rpaMs`.'),
  exposureMs: milliseconds,
  target: z.string().nullable(),
  commit: z.string().nullable(),
  drillId: z.string().nullable(),
  runId: z.string(),
  keepsNoData: z
    .boolean()
    .nullable()
    .describe('True where the asset keeps no data: no loss is promised or judged. Null without a drill.'),
  halts: z
    .enum(haltConditions)
    .nullable()
    .describe('The halt condition of a posture check that is not met: the roll-out stops for it.'),
});

export type ResultRow = z.infer<typeof resultRowSchema>;

/** In the order of the columns. */
const rowFields = resultRowSchema.keyof().options;

export const resultsSchema = z.strictObject({
  schemaVersion: z.literal(RESULTS_SCHEMA_VERSION),
  run: z.strictObject({
    runId: z.string(),
    began: utc,
    ended: utc.nullable().describe('Null while nobody knows how the run ended.'),
    ending: z.enum(runEndings).describe('killed: its process was killed, and a later run recorded that.'),
    command: z.string(),
    target: z.string().nullable(),
    commit: z.string().nullable(),
    dirty: z.boolean().nullable(),
    harnessVersion: z.string().nullable(),
    measurementVersion: z.number().int().nullable(),
    runUrl: z.string().nullable(),
    actor: z.string().nullable(),
  }),
  results: z.array(resultRowSchema),
});

/** The results of a run as JSON, one result at a time. */
export function* renderResultsJson(run: ExportedRun, groups: readonly ResultGroup[]): Generator<string> {
  const { runId, began, ended, ending, command, target, commit, dirty, harnessVersion, measurementVersion, ranBy } =
    run;
  const told = { runId, began, ended, ending, command, target, commit, dirty, harnessVersion, measurementVersion };
  const head = { ...told, runUrl: ranBy?.runUrl ?? null, actor: ranBy?.actor ?? null };
  yield `{"schemaVersion":${RESULTS_SCHEMA_VERSION},"run":${jsonText(head)},"results":[`;
  let separator = '\n';
  for (const group of groups) {
    for (const each of group.cases) {
      yield `${separator}${jsonText(resultRow(runId, group, each))}`;
      separator = ',\n';
    }
  }
  yield '\n]}\n';
}

function resultRow(runId: string, group: ResultGroup, each: ResultCase): ResultRow {
  const { contract, disaster, priority, owner, controls, began, ended, figures, drill } = group;
  return {
    name: `${contract}/${disaster}/${each.name}`,
    contract,
    disaster,
    finding: each.name,
    verdict: each.verdict,
    outcome: each.outcome,
    sentence: each.sentence,
    waivedUntil: each.waiver?.expires ?? null,
    waivedBy: each.waiver?.approver ?? null,
    waiverReason: each.waiver?.reason ?? null,
    priority,
    owner,
    controls: [...controls],
    began,
    ended,
    ...figures,
    target: drill?.environment.target ?? null,
    commit: drill?.environment.commit ?? null,
    drillId: drill?.drillId ?? null,
    runId,
    halts: each.halts,
  };
}

/** Yields the header of CSV in the form of RFC 4180: CRLF, quotes doubled. One line for each finding of each drill follows. */
export function* csvHead(): Generator<string> {
  yield csvLine(rowFields);
}

export function* csvLines(run: Pick<ExportedRun, 'runId'>, groups: readonly ResultGroup[]): Generator<string> {
  for (const group of groups) {
    for (const each of group.cases) {
      const row = resultRow(run.runId, group, each);
      yield csvLine(rowFields.map((field) => cellOf(row[field])));
    }
  }
}

/** One line of cells that {@link cellOf} made. */
export const csvLine = (cells: readonly string[]): string => `${cells.map(quoted).join(',')}\r\n`;

/** Returns the text of a value: empty for null, and never a formula. */
export function cellOf(value: ResultRow[keyof ResultRow]): string {
  if (value === null) return '';
  if (typeof value === 'string') return plainText(value);
  return Array.isArray(value) ? plainText(value.join('; ')) : String(value);
}

/**
 * Returns one line without control characters. A spreadsheet runs a text that begins with one of these signs, or with their full-width
 * forms, as a formula; an apostrophe before it prevents that (https://owasp.org/www-community/attacks/CSV_Injection).
 */
function plainText(text: string): string {
  const shown = withoutControls(text);
  return /^\s*[=+\-@＝＋－＠]/u.test(shown) ? `'${shown}` : shown;
}

const quoted = (cell: string): string => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
