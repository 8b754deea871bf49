import type { DrillRecord } from '../../model/record.ts';
import { formatDuration } from '../../model/units.ts';
import { verdictOf } from '../../reporting/run-summary.ts';
import { type Palette, paletteFor, symbolsFor, type TerminalTraits } from '../../reporting/terminal.ts';
import { wrapWords } from '../../reporting/text.ts';

// Output of the demo. All of it is derived from records: nothing here decides anything.

/** A line that differs between two files. */
export interface ChangedLine {
  readonly before: string;
  readonly after: string;
}

/** @returns the lines that differ, in order; the files have the same number of lines. */
export function changedLines(one: string, other: string): readonly ChangedLine[] {
  const others = other.split('\n');
  return one
    .split('\n')
    .map((before, index) => ({ before, after: others[index] ?? '' }))
    .filter(({ before, after }) => before !== after);
}

export interface DemoStory {
  introduction(): string;
  programs(names: readonly string[], downloaded: boolean, tookMs: number): string;
  title(text: string): string;
  change(lines: readonly ChangedLine[], file: string): string;
  drill(record: DrillRecord): string;
  end(folder: string, durationMs: number): string;
}

export function demoStory(traits: TerminalTraits): DemoStory {
  const palette = paletteFor(traits);
  const wrapped = (text: string, indent = '') => `${indent}${wrapWords(text, traits.columns - indent.length, indent)}`;
  return {
    introduction: () =>
      [
        palette.bold('A backup job says "Backup complete" every two minutes. Would it bring the data back?'),
        '',
        wrapped(
          'The demo starts a real NATS JetStream server and a real S3 server on this machine, drills the job, and removes everything again. It touches nothing of yours.',
        ),
      ].join('\n'),
    programs: (names, downloaded, tookMs) =>
      wrapped(
        `${names.join(' and ')}: ${downloaded ? `downloaded and verified in ${formatDuration(tookMs)}` : 'from the tool cache'}.`,
      ),
    title: (text) => palette.bold(text),
    change: (lines, file) =>
      [
        wrapped(
          `The streams were renamed to lower case, and the job still selected the old names. ${count(lines)} of ${file} ${lines.length === 1 ? 'differs' : 'differ'}:`,
          '  ',
        ),
        ...lines.flatMap(({ before, after }) => [
          `    ${palette.verdict('breached', `- ${before}`)}`,
          `    ${palette.verdict('met', `+ ${after}`)}`,
        ]),
      ].join('\n'),
    drill: (record) => drillText(record, traits, palette),
    end: (folder, durationMs) =>
      [
        wrapped(
          `Two real drills in ${formatDuration(durationMs)}: each wrote messages, ran the job, lost the server with its disk, restored the backup into a new server, and compared every message.`,
        ),
        wrapped(`The contract and the scripts are in ${folder}.`),
        '',
        palette.bold('Next, in your own project:'),
        '  npx dr-contracts init     writes a first contract, scripts to start from, and a pipeline',
        '  npx dr-contracts drill    drills it',
      ].join('\n'),
  };
}

const count = (lines: readonly ChangedLine[]): string => (lines.length === 1 ? 'One line' : `${lines.length} lines`);

/** Checks that a reader of a kept promise wants to see: the restored content, the loss, and the duration. */
const OF_A_KEPT_PROMISE = ['content', 'rpo', 'rto'];

function drillText(record: DrillRecord, traits: TerminalTraits, palette: Palette): string {
  const verdict = verdictOf(record);
  const { recoveryPoint, judgement } = record;
  const said = (recoveryPoint?.claimed ?? '').split('\n').filter((line) => line.trim() !== '');
  const head = palette.verdict(verdict, `${symbolsFor(traits).verdicts[verdict]} ${verdict}`);
  const findings = judgement?.findings.filter(({ name }) => OF_A_KEPT_PROMISE.includes(name)) ?? [];
  const sentences =
    verdict === 'met'
      ? findings.map(({ sentence }) => sentence)
      : [judgement?.sentence ?? 'The drill ended before it was judged.'];
  const indented = (text: string) => `  ${wrapWords(text, traits.columns - 2, '    ')}`;
  return [
    ...(recoveryPoint === null ? [] : ['  The backup job ended with exit code 0. It said:']),
    ...said.map((line) => `    ${palette.dim('|')} ${line}`),
    '  The drill says:',
    ...sentences.map((sentence, index) =>
      index === 0 ? indented(`${head}: ${sentence}`) : `    ${wrapWords(sentence, traits.columns - 4, '    ')}`,
    ),
  ].join('\n');
}
