import { counted } from '../../model/text.ts';
import { formatDuration } from '../../model/units.ts';
import { renderColumns } from '../../reporting/columns.ts';
import { paletteFor, symbolsFor, type TerminalTraits } from '../../reporting/terminal.ts';
import { truncate, withoutControls, wrapName, wrapWords } from '../../reporting/text.ts';
import type { RunChange, RunDiff, RunName } from './diff-runs.ts';
import { type BrokenRun, comparableTimes, type History } from './history.ts';

/** Number of drills that fit in a line. */
const SHOWN = { wide: 12, narrow: 8, wideColumns: 100 };
/** Maximum number of unfinished runs that are named. */
const SHOWN_RUNS = 5;
const ENDINGS: Readonly<Record<BrokenRun['ending'], string>> = {
  failed: 'failed',
  interrupted: 'was interrupted',
  killed: 'was killed',
  unknown: 'has no end in the ledger: it is still running, or was killed',
};
/** Longer names of disasters are broken after a hyphen. */
const NAME_COLUMNS = 24;
const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const ASCII_BARS = ['.', ':', '-', '=', '+', '*', '#', '@'] as const;

/**
 * A table with one line for each promise: its last verdicts, and its recovery times as a sparkline from 0 to the longest. A last line names
 * what was not read.
 */
export function renderHistory({ promises, runs, isCut, brokenRuns }: History, traits: TerminalTraits): string {
  if (runs === 0) return 'The ledger has no runs yet. Run `dr-contracts drill`.\n';
  const symbols = symbolsFor(traits);
  const palette = paletteFor(traits);
  const shown = traits.columns < SHOWN.wideColumns ? SHOWN.narrow : SHOWN.wide;
  const rows = promises.map((history) => {
    const { contract, disaster, isPromised, points, since, sinceIsUpperBound } = history;
    const last = points.at(-1);
    const verdict = last?.verdict ?? 'unproven';
    const word = `${last === undefined ? 'has not run' : verdict}${isPromised ? '' : ', withdrawn'}`;
    const verdicts = points.slice(-shown).map((each) => palette.verdict(each.verdict, symbols.verdicts[each.verdict]));
    const { rtaMs, rtaIsLowerBound, rtoMs } = last?.figures ?? { rtaMs: null, rtaIsLowerBound: false, rtoMs: null };
    return [
      [printable(contract), ...wrapName(printable(disaster), NAME_COLUMNS).map((line) => `  ${line}`)].join('\n'),
      `${palette.verdict(verdict, word)}${since === null ? '' : `\nsince ${since.slice(0, 10)}${sinceIsUpperBound ? '\nor earlier' : ''}`}`,
      verdicts.length === 0 ? symbols.none : verdicts.join(''),
      rtaMs === null || rtoMs === null
        ? symbols.none
        : `${rtaIsLowerBound ? '>' : ''}${formatDuration(rtaMs)}\nof ${formatDuration(rtoMs)}`,
      sparkline(comparableTimes(history).slice(-shown), traits.unicode) || symbols.none,
    ];
  });
  const table = renderColumns(['promise', 'verdict', 'verdicts', 'last RTA', 'RTAs'], rows, traits);
  const count = counted(runs, 'run');
  const broken = brokenRuns.map((run) => `Run ${printable(run.runId)} ${ENDINGS[run.ending]}.\n`).slice(0, SHOWN_RUNS);
  const more = brokenRuns.length - broken.length;
  const others = more === 0 ? '' : `${more} more runs did not come to their end.\n`;
  return `${table}\n\n${broken.join('')}${others}${isCut ? `The last ${count}. Older ones were not read; --runs reads more.` : `${count}, which is all of the ledger.`}\n`;
}

/** Returns one character per time, with a height from 0 to the longest time; a blank for an unknown time. */
function sparkline(values: readonly (number | undefined)[], unicode: boolean): string {
  const bars = unicode ? BARS : ASCII_BARS;
  const most = Math.max(0, ...values.filter((value) => value !== undefined));
  return values
    .map((value) => {
      if (value === undefined) return ' ';
      const step = most === 0 ? 0 : Math.min(bars.length - 1, Math.floor((value / most) * bars.length));
      return bars[step] ?? bars[0];
    })
    .join('');
}

/** Returns a name from a record, cut to the width of a line. */
const printable = (text: string): string => truncate(withoutControls(text), 60, '...');

/** The changes as a table; a sentence follows each change of a verdict, and each new result that is not kept. */
export function renderDiff({ a, b, changes, timesNotCompared }: RunDiff, traits: TerminalTraits): string {
  const palette = paletteFor(traits);
  const symbols = symbolsFor(traits);
  const head = `A  ${titleOf(a)}\nB  ${titleOf(b)}\n`;
  const note = timesNotCompared === undefined ? '' : `\nTimes were not compared: ${timesNotCompared}.\n`;
  if (changes.length === 0) return `${head}\nNothing changed beyond noise.\n${note}`;
  const value = (text: string | null) =>
    text === null ? symbols.none : truncate(printable(text), 40, symbols.ellipsis);
  const rows = changes.map((change) => [
    change.contract === null ? 'run' : `${printable(change.contract)}\n  ${printable(change.disaster ?? '')}`,
    WORDS[change.kind] ?? truncate(printable(change.what), 36, symbols.ellipsis),
    value(change.before),
    value(change.after),
    directionOf(change),
  ]);
  const sentences = changes
    .filter(({ kind, after, worse }) => (kind === 'verdict' && after !== 'met') || (kind === 'new' && worse === true))
    .map(({ contract, disaster, what }) =>
      wrapWords(
        `${palette.bold(`${printable(contract ?? '')}, ${printable(disaster ?? '')}`)}: ${what}`,
        traits.columns,
        '  ',
      ),
    );
  return `${head}\n${renderColumns(['promise', 'what', 'A', 'B', ''], rows, traits)}\n${sentences.length === 0 ? '' : `\n${sentences.join('\n')}\n`}${note}`;
}

/** Short words for changes that do not fit in the table; a sentence below gives the details. */
const WORDS: Readonly<Partial<Record<RunChange['kind'], string>>> = {
  verdict: 'verdict',
  new: 'only in B',
  missing: 'only in A',
};

const directionOf = ({ worse }: RunChange): string => (worse === null ? '' : worse ? 'worse' : 'better');

const titleOf = ({ runId, began, target, commit }: RunName): string =>
  [runId, began, target ?? 'target not known', commit === null ? 'commit not known' : commit.slice(0, 10)]
    .map(printable)
    .join('  ');
