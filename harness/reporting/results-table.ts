import type { PostureCheckRecord, PostureRecord } from '../model/posture.ts';
import type { DrillRecord, Measure } from '../model/record.ts';
import { counted, countedOf } from '../model/text.ts';
import { formatDuration, KEEPS_NO_DATA } from '../model/units.ts';
import { COLUMN_GAP, renderColumns } from './columns.ts';
import { haltLines, withHalt } from './halts-text.ts';
import { verdictOf } from './run-summary.ts';
import { paletteFor, type Symbols, symbolsFor, type TerminalTraits } from './terminal.ts';
import { wrapName, wrapWords } from './text.ts';

const HEAD = ['contract', 'disaster', 'RTO', 'RTA', 'RPO', 'RPA', 'exposure', 'verdict', 'margin'];
const NUMBERS = HEAD.filter((title) => !['contract', 'disaster', 'verdict'].includes(title));
const NAME_COLUMNS = 2;
/** Text for missing data that fits a column of figures. */
const NO_DATA = 'no data';

/**
 * Renders one row per drill. On a narrow terminal, names are broken at their hyphens so that numbers stay whole; if that is still too wide,
 * the disaster goes below its contract.
 */
export function renderResultsTable(drills: readonly DrillRecord[], traits: TerminalTraits): string {
  const rows = drills.map((drill) => cellsOf(drill, symbolsFor(traits)));
  const palette = paletteFor(traits);
  const names = nameLayout(rows, traits.columns);
  const painted = drills.map((drill, index) => {
    const [contract = '', disaster = '', ...numbers] = rows[index] ?? [];
    const cells = numbers.map((cell, column) =>
      HEAD[column + NAME_COLUMNS] === 'verdict' ? palette.verdict(verdictOf(drill), cell) : cell,
    );
    return [...names.cells(contract, disaster), ...cells];
  });
  const table = renderColumns([...names.head, ...HEAD.slice(NAME_COLUMNS)], painted, traits, { rightAligned: NUMBERS });
  if (drills.every(({ contract }) => contract.rpoMs !== null)) return table;
  return `${table}\n${wrapWords(`RPO "${NO_DATA}": the asset ${KEEPS_NO_DATA}, so loss and exposure are not judged.`, traits.columns)}`;
}

/** `> 15 min` for "more than": a phase timed out, or nothing survived. */
function formatMeasure(measure: Measure | null, none: string): string {
  if (measure === null) return none;
  return `${measure.atLeast ? '> ' : ''}${formatDuration(measure.valueMs)}`;
}

/** Rounds down, so that a breach by a hair never reads as 0 %. */
function formatMargin(marginPercent: number | null, none: string): string {
  return marginPercent === null ? none : `${Math.floor(marginPercent)} %`;
}

function cellsOf(drill: DrillRecord, symbols: Symbols): string[] {
  const { contract, judgement } = drill;
  const exposureMs = judgement?.exposureMs ?? null;
  return [
    contract.name,
    drill.disaster.name,
    formatDuration(contract.rtoMs),
    formatMeasure(judgement?.rta ?? null, symbols.none),
    contract.rpoMs === null ? NO_DATA : formatDuration(contract.rpoMs),
    formatMeasure(judgement?.rpa ?? null, symbols.none),
    exposureMs === null ? symbols.none : formatDuration(exposureMs),
    verdictOf(drill),
    formatMargin(judgement?.marginPercent ?? null, symbols.none),
  ];
}

interface NameLayout {
  readonly head: readonly string[];
  cells(contract: string, disaster: string): string[];
}

/** Divides the remaining width between the two name columns, in proportion to their widest cells. */
function nameLayout(rows: readonly string[][], columns: number): NameLayout {
  const widest = HEAD.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const [contract = 0, disaster = 0, ...numbers] = widest;
  const taken = numbers.reduce((sum, width) => sum + width, 0) + COLUMN_GAP.length * numbers.length;
  const room = columns - taken - COLUMN_GAP.length;
  const [leastContract, leastDisaster] = [leastWidth(rows, 0), leastWidth(rows, 1)];
  if (room < leastContract + leastDisaster) return stacked(Math.max(room, leastContract, leastDisaster + 1));
  const share = Math.floor((room * contract) / (contract + disaster));
  const contractColumns =
    contract + disaster <= room ? contract : Math.min(Math.max(share, leastContract), room - leastDisaster);
  const used = Math.max(...rows.flatMap((row) => wrapName(row[0] ?? '', contractColumns).map((line) => line.length)));
  return {
    head: HEAD.slice(0, NAME_COLUMNS),
    cells: (...names) => [wrapName(names[0], contractColumns).join('\n'), wrapName(names[1], room - used).join('\n')],
  };
}

function stacked(columns: number): NameLayout {
  return {
    head: ['contract\n disaster'],
    cells: (contract, disaster) => {
      const indented = wrapName(disaster, columns - 1).map((line) => ` ${line}`);
      return [[...wrapName(contract, columns), ...indented].join('\n')];
    },
  };
}

/** Returns the minimum width of a name column: the longest part, because names break only at hyphens. */
function leastWidth(rows: readonly string[][], column: number): number {
  const parts = rows.flatMap((row) => wrapName(row[column] ?? '', 1));
  return Math.max(HEAD[column]?.length ?? 0, ...parts.map((part) => part.length));
}

const POSTURE_NAME_COLUMNS = 40;
/** Worst first. */
const NOT_MET: readonly PostureCheckRecord['verdict'][] = ['breached', 'unproven', 'at-risk'];

/** Renders one row per check, and a sentence for each that is not met, breached ones first. */
export function renderPostures(postures: readonly PostureRecord[], traits: TerminalTraits): string {
  if (postures.length === 0) return '';
  const palette = paletteFor(traits);
  const rows = postures.flatMap(({ contract, checks }) =>
    checks.map((check) => [
      wrapName(contract.name, POSTURE_NAME_COLUMNS).join('\n'),
      wrapName(check.name, POSTURE_NAME_COLUMNS).join('\n'),
      postureBasis(check),
      [palette.verdict(check.verdict, check.verdict), ...haltLines(check)].join('\n'),
      formatDuration(check.durationMs),
    ]),
  );
  const head = ['posture', 'check', 'compared', 'verdict', 'took'];
  const table = renderColumns(head, rows, traits, { rightAligned: ['compared', 'took'] });
  const sentences = listPostureNotMet(postures).map(({ label, verdict, sentence }) =>
    wrapWords(`${palette.verdict(verdict, verdict)} ${palette.bold(label)}: ${sentence}`, traits.columns, '  '),
  );
  return [table, ...sentences].join(sentences.length === 0 ? '' : '\n');
}

function listPostureNotMet(
  postures: readonly PostureRecord[],
): { readonly label: string; readonly verdict: PostureCheckRecord['verdict']; readonly sentence: string }[] {
  return postures
    .flatMap(({ contract, checks }) => checks.map((check) => ({ ...check, label: `${contract.name}/${check.name}` })))
    .filter(({ verdict }) => verdict !== 'met')
    .toSorted((one, other) => NOT_MET.indexOf(one.verdict) - NOT_MET.indexOf(other.verdict))
    .map(({ label, verdict, sentence, ...check }) => ({ label, verdict, sentence: withHalt(sentence, check) }));
}

/** Says how many things a verdict is based on: a `met` over three differs from one over three thousand. */
export function postureBasis({ observation }: Pick<PostureCheckRecord, 'observation'>): string {
  switch (observation?.kind) {
    case 'comparison':
      return countedOf(observation.compared, observation.of);
    case 'recovery-points':
      return counted(observation.counted, 'recovery point');
    case 'retention':
      return counted(observation.recoveryPoints, 'recovery point');
    case 'schedule':
      return '1 schedule';
    case 'cost':
      return counted(observation.lines.length, 'cost line');
    default:
      return 'nothing';
  }
}
