import { counted, countedOf } from '../model/counted.ts';
import type { PostureCheckRecord, PostureRecord } from '../model/posture.ts';
import { formatDuration } from '../model/units.ts';
import { renderColumns } from './columns.ts';
import { haltLines, withHalt } from './halts-text.ts';
import type { TerminalTraits } from './terminal.ts';
import { paletteFor } from './terminal.ts';
import { wrapName, wrapWords } from './text.ts';

const NAME_COLUMNS = 40;
/** The worst first. */
const NOT_MET: readonly PostureCheckRecord['verdict'][] = ['breached', 'unproven', 'at-risk'];

/** One row a check, and a sentence for each that is not met, the breached first. */
export function renderPostures(postures: readonly PostureRecord[], traits: TerminalTraits): string {
  if (postures.length === 0) return '';
  const palette = paletteFor(traits);
  const rows = postures.flatMap(({ contract, checks }) =>
    checks.map((check) => [
      wrapName(contract.name, NAME_COLUMNS).join('\n'),
      wrapName(check.name, NAME_COLUMNS).join('\n'),
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

/** How much a verdict rests on: a `met` over three things is another than one over three thousand. */
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
