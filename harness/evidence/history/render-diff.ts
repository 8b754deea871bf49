import { renderColumns } from '../../reporting/columns.ts';
import { paletteFor, symbolsFor, type TerminalTraits } from '../../reporting/terminal.ts';
import { truncate, wrapWords } from '../../reporting/text.ts';
import type { RunChange, RunDiff, RunName } from './diff-runs.ts';
import { printable } from './render-history.ts';

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

/** Changes that need more room than the table has are told in a word, and below it in a sentence. */
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
