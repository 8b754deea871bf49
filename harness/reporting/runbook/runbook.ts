import { compareText } from '../../model/compare-text.ts';
import type { DrillRecord } from '../../model/record.ts';
import { formatDuration } from '../../model/units.ts';
import { contractSection } from './contract-section.ts';
import { drillSection, sealOf, unprovenSection } from './drill-section.ts';
import { shown } from './figures.ts';
import { MARK } from './hand-written.ts';
import { cell } from './recorded-text.ts';
import {
  anchorOf,
  definitionDigest,
  lastPassing,
  type RunbookContract,
  type RunbookDisaster,
  sectionTitle,
} from './runbook-contract.ts';
import { parseSections, type Section, trimmed } from './sections.ts';
import { type ExplainedVariable, namesIn, parseVariables, variablesBlock, variablesIn } from './variables-section.ts';

export interface RunbookSource {
  readonly contracts: readonly RunbookContract[];
  /** Drills of any run, any contract and any verdict: the last passing one of each disaster counts. */
  readonly records: readonly DrillRecord[];
  /** The runbook as it is now: what no drill at hand says anything about is kept from it, while the contract is the same. */
  readonly previous?: string | undefined;
}

/** The whole runbook, ready to be written. */
export function renderRunbook(source: RunbookSource): string {
  const sections = runbookSections(source).map(({ heading, lines }) => [heading, '', ...lines].join('\n'));
  return `${shown(sections.join('\n\n'))}\n`;
}

/** The runbook section by section, figures marked. */
export function runbookSections({ contracts, records, previous = '' }: RunbookSource): readonly Section[] {
  const before = parseSections(previous);
  return [
    section('#', 'Runbook', opening(contracts)),
    ...contracts.flatMap((contract) => chapter(contract, records, before)),
    section('##', 'When a drill does not pass', ['See [when-not-met.md](when-not-met.md).']),
  ];
}

function chapter(
  contract: RunbookContract,
  records: readonly DrillRecord[],
  before: readonly Section[],
): readonly Section[] {
  const { name } = contract.facts;
  const explained = parseVariables(before.find(({ title }) => title === name)?.lines ?? []);
  const variables: ExplainedVariable[] = [];
  const drills = contract.disasters.map((disaster): Section => {
    const title = sectionTitle(name, disaster.name);
    const record = lastPassing(contract, disaster, records);
    if (record !== undefined) {
      const lines = drillSection(contract, disaster, record);
      variables.push(...variablesIn(lines, record));
      return section('###', title, lines);
    }
    const kept = keptSection(before, title, contract, disaster);
    const named = namesIn(kept ?? []);
    variables.push(...explained.filter((variable) => named.includes(variable.name)));
    return section('###', title, kept ?? unprovenSection(contract, disaster));
  });
  return [section('##', name, [...contractSection(contract), ...variablesBlock(variables)]), ...drills];
}

const section = (level: string, title: string, lines: readonly string[]): Section => ({
  title,
  heading: `${level} ${title}`,
  lines: trimmed(lines),
});

/** The section as it was written from an earlier drill; nothing when the contract has changed since, or somebody edited it. */
function keptSection(
  before: readonly Section[],
  title: string,
  { facts }: RunbookContract,
  disaster: RunbookDisaster,
): readonly string[] | undefined {
  const lines = before.find((candidate) => candidate.title === title)?.lines ?? [];
  const body = lines.slice(0, -1);
  return lines.at(-1) === shown(sealOf(body, definitionDigest(facts, disaster))) ? lines : undefined;
}

/** What a reader needs who was just woken up: which chapter, in which order, and how to read it. */
function opening(contracts: readonly RunbookContract[]): string[] {
  const rows = contracts
    .flatMap(({ facts, disasters }) =>
      disasters.map(({ name, threat }) => {
        const title = sectionTitle(facts.name, name);
        const cells = [facts.priority, cell(threat), `[${title}](#${anchorOf(title)})`, formatDuration(facts.rtoMs)];
        return { facts, row: `| ${[...cells, cell(facts.owner)].join(' | ')} |` };
      }),
    )
    .toSorted(
      (one, other) => compareText(one.facts.priority, other.facts.priority) || one.facts.rtoMs - other.facts.rtoMs,
    );
  return [
    `${MARK} from the contracts and the last passing drills. Do not edit it: \`--check\` would find out. -->`,
    '',
    'Something is lost? Find it here, go to its steps, do them one after the other. Lost more than one? The most urgent is at the top.',
    '',
    '| | what happened | go to | back within | owner |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(({ row }) => row),
    '',
    '- Every command was run like this in a drill that passed. Commands are for `bash`, in the root folder of this repository.',
    '- What is not the same every time is a `$VARIABLE`. Each chapter begins with a block that explains and sets its variables. Secrets are not in it: take them from where the owner keeps them.',
    '- A step without a command was done by the target of the drill. Do it as you do it on your platform.',
    '- Times are those of the drill, with the data of the drill. More data takes longer.',
    '- Write down when you did what. Delete nothing that is damaged before the end: it may be the only copy.',
  ];
}
