import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ExplainedError, namedByCaller } from '../model/errors.ts';
import type { PostureRecord } from '../model/posture.ts';
import { type DrillRecord, drillRecordSchema, type Judgement } from '../model/record.ts';
import { type RunRecord, runRecordSchema } from '../model/run-record.ts';
import { counted, issuesInWords } from '../model/text.ts';
import { renderPostures, renderResultsTable } from '../reporting/results-table.ts';
import {
  cleanupsFailed,
  type ExitCode,
  exitCodeOf,
  listNotMet,
  unprovedIn,
  verdictOf,
} from '../reporting/run-summary.ts';
import { explaining } from '../reporting/system-error.ts';
import { paletteFor, traitsOf } from '../reporting/terminal.ts';
import { wrapWords } from '../reporting/text.ts';
import { judgePosture } from '../verdict/posture.ts';
import { unprovedLines } from './choice-lines.ts';
import type { CommandIo } from './command-io.ts';

/**
 * Judges a drill record, or every drill and posture of a run record, again; ignores the file's own judgement.
 * @throws {ExplainedError} when the file cannot be read or is no such record.
 */
export async function runVerdict(
  file: string,
  io: CommandIo,
  judge: (record: DrillRecord) => Judgement,
): Promise<ExitCode> {
  const { drills, postures, unfinished, unproved } = await namedByCaller(() => readRecords(resolve(io.cwd, file)));
  const checked = postures.map(judgePosture);
  const judged = drills.map((record) => ({ ...record, judgement: judge(record) }));
  const traits = traitsOf(io.stdout, io.environment);
  const palette = paletteFor(traits);
  if (judged.length > 0 || checked.length === 0) io.stdout.write(`${renderResultsTable(judged, traits)}\n`);
  if (checked.length > 0) io.stdout.write(`${judged.length > 0 ? '\n' : ''}${renderPostures(checked, traits)}\n`);
  for (const { verdict, label, sentence, lookAt } of listNotMet(judged)) {
    const text = `${palette.verdict(verdict, verdict)} ${palette.bold(label)}: ${sentence} Look at ${lookAt}.`;
    io.stdout.write(`\n${wrapWords(text, traits.columns, '  ')}\n`);
  }
  const checks = checked.flatMap((posture) => posture.checks.map(({ verdict }) => verdict));
  for (const reason of unfinished) io.stdout.write(`\n${wrapWords(reason, traits.columns, '  ')}\n`);
  for (const line of unprovedLines({ ...unproved, drills })) io.stderr.write(`${line}\n`);
  const others = [...unprovedIn(unproved), ...cleanupsFailed(drills)];
  return exitCodeOf([...judged.map(verdictOf), ...checks, ...others], unfinished.length === 0);
}

interface Records {
  readonly drills: readonly DrillRecord[];
  readonly postures: readonly PostureRecord[];
  /** Reasons why the run did not finish; empty when it did. */
  readonly unfinished: readonly string[];
  /** Promises, beside its drills, that the run was to prove and did not. */
  readonly unproved: Pick<RunRecord, 'leftOut' | 'mistakes'>;
}

async function readRecords(path: string): Promise<Records> {
  const thing = `record ${path}`;
  const content = parseJson(await explaining(thing, () => readFile(path, 'utf8')), thing);
  const isRun = typeof content === 'object' && content !== null && 'drills' in content;
  const parsed = isRun ? runRecordSchema.safeParse(content) : drillRecordSchema.safeParse(content);
  if (!parsed.success) {
    throw new ExplainedError(
      {
        thing,
        expected: `to match reports/schema/${isRun ? 'run' : 'drill'}.schema.json`,
        observed: issuesInWords(parsed.error),
        nextStep: 'Name a drill record (reports/runs/*/drills/*.json) or a run record (reports/latest/run.json).',
      },
      { cause: parsed.error },
    );
  }
  if (!('drills' in parsed.data)) return { drills: [parsed.data], postures: [], unfinished: [], unproved: {} };
  const { drills, postures = [] } = parsed.data;
  return { drills, postures, unfinished: unfinishedOf(parsed.data), unproved: parsed.data };
}

/**
 * Returns why the run is incomplete: a run that broke off, or whose record lacks some of its drills or checks, proves less than its drills
 * say.
 */
function unfinishedOf({ failure, summary, drills, postures = [] }: RunRecord): string[] {
  const checks = postures.reduce((sum, posture) => sum + posture.checks.length, 0);
  const announced = summary.postureChecks?.checked ?? 0;
  return [
    ...(failure === undefined
      ? []
      : [
          `The run ${failure.interrupted ? 'was interrupted' : 'did not come to its end'}: ${failure.messages.join('; ')}.`,
        ]),
    ...(summary.drills === drills.length
      ? []
      : [`The record contradicts itself: it counts ${counted(summary.drills, 'drill')} and holds ${drills.length}.`]),
    ...(announced === checks
      ? []
      : [`The record contradicts itself: it counts ${counted(announced, 'posture check')} and holds ${checks}.`]),
  ];
}

function parseJson(text: string, thing: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ExplainedError(
      {
        thing,
        expected: 'JSON',
        observed: error instanceof Error ? error.message : String(error),
        nextStep: 'Name a drill record (reports/runs/*/drills/*.json) or a run record (reports/latest/run.json).',
      },
      { cause: error },
    );
  }
}
