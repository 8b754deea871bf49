import type { DrillRecord } from '../../model/record.ts';
import { compareText } from '../../model/text.ts';
import { formatDuration, KEEPS_NO_DATA } from '../../model/units.ts';
import { drillSection, isUnproven, sealOf, unprovenSection } from './drill-section.ts';
import {
  anchorOf,
  definitionDigest,
  lastPassing,
  type RunbookContract,
  type RunbookDisaster,
  sectionTitle,
} from './runbook-contract.ts';
import {
  cell,
  type ExplainedVariable,
  namesIn,
  parseSections,
  parseVariables,
  type Section,
  sentence,
  shown,
  trimmed,
  variablesBlock,
  variablesIn,
} from './sections.ts';

export interface RunbookSource {
  readonly contracts: readonly RunbookContract[];
  /** Drills of any run, contract and verdict; the last passing one of each disaster counts. */
  readonly records: readonly DrillRecord[];
  /** The present runbook. Sections without an available drill are kept from it while the contract stays the same. */
  readonly previous?: string | undefined;
}

/** Renders the complete runbook. */
export function renderRunbook(source: RunbookSource): string {
  const sections = runbookSections(source).map(({ heading, lines }) => [heading, '', ...lines].join('\n'));
  return `${shown(sections.join('\n\n'))}\n`;
}

/** Renders the runbook section by section, with figures marked. */
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

/** Returns the section as written from an earlier drill; undefined if the contract has changed since, or the section was edited. */
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

/** Tells a reader who was just woken up which chapter to use, in which order, and how to read it. */
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

/** Renders the contract's own facts, with or without a drill. */
function contractSection(contract: RunbookContract): string[] {
  const { facts, degraded, decides, ifItFails, sourceFile } = contract;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['protects', facts.description],
    ['backed up by', `${facts.procedure}${scheduleOf(contract)}`],
    ['owner', `${facts.owner} (${facts.priority})`],
    ['who decides', decides === undefined ? 'nobody is named' : sentence(decides)],
    ['promise', `back within ${formatDuration(facts.rtoMs)}; ${lossPromised(facts.rpoMs)}`],
    ['meanwhile', degraded === undefined ? 'not stated' : sentence(degraded)],
    ['if a step fails', ifItFails === undefined ? undefined : sentence(ifItFails)],
    ['written in', sourceFile === undefined ? undefined : `\`${sourceFile}\``],
  ];
  return [
    '| | |',
    '| --- | --- |',
    ...rows.flatMap(([name, text]) => (text === undefined ? [] : [`| **${name}** | ${cell(text)} |`])),
    '',
  ];
}

function lossPromised(rpoMs: number | null): string {
  if (rpoMs === null) return `it ${KEEPS_NO_DATA}`;
  return `${rpoMs === 0 ? 'no acknowledged write' : `at most the writes of ${formatDuration(rpoMs)}`} lost`;
}

function scheduleOf({ facts: { schedule, procedure } }: RunbookContract): string {
  if (schedule === 'continuous') return ', all the time';
  if (schedule === 'mirror') return ', by a live mirror';
  return procedure.includes(schedule.cron)
    ? ''
    : `, at \`${schedule.cron}\` (${schedule.timeZone}${schedule.scheduler === undefined ? '' : `, ${schedule.scheduler}`})`;
}

/** Beginning of the mark in every runbook that this command wrote. */
const MARK = '<!-- Written by `npx dr-contracts runbook`';

/** Content of a runbook that rewriting it would lose. */
export interface HandWritten {
  /** False if this command did not write the file. */
  readonly isOurs: boolean;
  /** Headings of sections that were written or edited by hand. */
  readonly sections: readonly string[];
}

/** Finds handwritten content in the file that is about to be replaced. */
export function handWrittenIn(runbook: string, written: readonly Section[]): HandWritten {
  if (runbook.trim() === '') return { isOurs: true, sections: [] };
  if (!runbook.includes(MARK)) return { isOurs: false, sections: [] };
  const found = parseSections(runbook);
  const isOurs = ({ title, lines }: Section) => {
    const seal = lines.at(-1)?.match(/^<!-- drilled: definition ([0-9a-f]+), text [0-9a-f]+ -->$/);
    if (seal?.[1] !== undefined) return lines.at(-1) === shown(sealOf(lines.slice(0, -1), seal[1]));
    // A section without a seal is written now, unproven, or the chapter of a contract that no longer exists.
    return (
      written.some((section) => section.title === title && !hadSeal(section)) ||
      isUnproven(lines) ||
      found.some((section) => section.title.startsWith(`${title}: `))
    );
  };
  return { isOurs: true, sections: found.filter((section) => !isOurs(section)).map(({ title }) => title) };
}

const hadSeal = ({ lines }: Section): boolean => lines.at(-1)?.startsWith('<!-- drilled: ') === true;
