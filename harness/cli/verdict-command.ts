import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ExplainedError } from '../model/errors.ts';
import type { DrillRecord, Judgement } from '../model/record.ts';
import { drillRecordSchema, runRecordSchema } from '../model/record.ts';
import { listNotMet } from '../reporting/not-met.ts';
import { renderResultsTable } from '../reporting/results-table.ts';
import type { ExitCode } from '../reporting/run-summary.ts';
import { exitCodeOf, verdictOf } from '../reporting/run-summary.ts';
import { explaining } from '../reporting/system-error.ts';
import { paletteFor, traitsOf } from '../reporting/terminal.ts';
import { wrapWords } from '../reporting/text.ts';
import type { CommandIo } from './command-io.ts';
import { describeIssues } from './failure.ts';

/**
 * Judges a drill record, or every drill of a run record, again: the file's own judgement is not looked at.
 * @throws {ExplainedError} when the file cannot be read or is no such record.
 */
export async function runVerdict(
  file: string,
  io: CommandIo,
  judge: (record: DrillRecord) => Judgement,
): Promise<ExitCode> {
  const records = await readRecords(resolve(io.cwd, file));
  const judged = records.map((record) => ({ ...record, judgement: judge(record) }));
  const traits = traitsOf(io.stdout, io.environment);
  const palette = paletteFor(traits);
  io.stdout.write(`${renderResultsTable(judged, traits)}\n`);
  for (const { verdict, label, sentence, lookAt } of listNotMet(judged)) {
    const text = `${palette.verdict(verdict, verdict)} ${palette.bold(label)}: ${sentence} Look at ${lookAt}.`;
    io.stdout.write(`\n${wrapWords(text, traits.columns, '  ')}\n`);
  }
  return exitCodeOf(judged.map(verdictOf), true);
}

async function readRecords(path: string): Promise<readonly DrillRecord[]> {
  const thing = `record ${path}`;
  const content = parseJson(await explaining(thing, () => readFile(path, 'utf8')), thing);
  const isRun = typeof content === 'object' && content !== null && 'drills' in content;
  const parsed = isRun ? runRecordSchema.safeParse(content) : drillRecordSchema.safeParse(content);
  if (!parsed.success) {
    throw new ExplainedError(
      {
        thing,
        expected: `what reports/schema/${isRun ? 'run' : 'drill'}.schema.json describes`,
        observed: describeIssues(parsed.error),
        nextStep: 'Name a drill record (reports/runs/*/drills/*.json) or a run record (reports/latest/run.json).',
      },
      { cause: parsed.error },
    );
  }
  return 'drills' in parsed.data ? parsed.data.drills : [parsed.data];
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
