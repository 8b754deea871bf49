import type { DrillRecord, RecoveryStepRecord } from '../../model/record.ts';
import { formatDuration, KEEPS_NO_DATA } from '../../model/units.ts';
import { definitionDigest, digestOf, type RunbookContract, type RunbookDisaster } from './runbook-contract.ts';
import { figure, listed, sentence, shown, trimmed, variablesLine, withoutDrill } from './sections.ts';

const duration = (ms: number): string => figure('duration', formatDuration(ms));
const count = (value: number): string => figure('count', value.toLocaleString('en-GB'));

/** Renders the steps for one disaster, as the last passing drill did them, with figures marked. */
export function drillSection(contract: RunbookContract, disaster: RunbookDisaster, record: DrillRecord): string[] {
  const reads = recognition(record);
  const { recovery, moveBack } = stepsByPart(record);
  const before = [...beforehand(contract), ...recovery.map((step) => itemOf(step, record)), serviceCheck(record)];
  const after = moveBack.map((step) => itemOf(step, record));
  const steps = numbered(before);
  const proved = [...proof(record), ...movingBack(after, before.length, record)];
  const body = trimmed([
    ...whatHappened(disaster),
    ...reads,
    ...variablesLine(namesNeeded([...reads, ...steps, ...proved], record)),
    ...steps,
    ...proved,
    ...objectives(record),
    ...lastPassed(record),
  ]);
  return [...body, sealOf(body, definitionDigest(contract.facts, disaster))];
}

const NOT_PROVEN = '**Not proven';

/** Renders a disaster that no drill of the present contract has proved. */
export function unprovenSection(contract: RunbookContract, disaster: RunbookDisaster): string[] {
  const { name } = contract.facts;
  return [
    ...whatHappened(disaster),
    `${NOT_PROVEN}: no drill of this contract, as it stands now, has passed.** There are no steps that are known to work. It needs ${listed(contract.needs)}: \`npx dr-contracts drill --contract ${name}\`, then \`npx dr-contracts runbook\`.`,
    '',
  ];
}

export const isUnproven = (lines: readonly string[]): boolean => lines.some((line) => line.startsWith(NOT_PROVEN));

/** Seals a section with digests of its definition and its text, so that it can be kept when no drill is available. */
export function sealOf(body: readonly string[], definition: string): string {
  return `<!-- drilled: definition ${definition}, text ${figure('digest', digestOf(shown(body.join('\n'))))} -->`;
}

const whatHappened = ({ threat, blastRadius }: RunbookDisaster): string[] => [
  `**What happened:** ${threat}. Lost: ${blastRadius}.`,
  '',
];

function recognition(record: DrillRecord): string[] {
  const reads = [...new Set(record.absence.map(({ what }) => withoutDrill(what, record)))];
  if (reads.length === 0) return [];
  return ['**You know it by** these, which find nothing:', '', ...reads.map((read) => `- ${read}`), ''];
}

/** Returns the variables that the steps were given, or that the text names. */
function namesNeeded(lines: readonly string[], { recovery }: DrillRecord): readonly string[] {
  const given = (recovery?.steps ?? []).flatMap(({ variables }) => variables);
  const text = lines.join('\n');
  return (recovery?.variables ?? [])
    .map(({ name }) => name)
    .filter((name, index, all) => all.indexOf(name) === index)
    .filter((name) => given.includes(name) || new RegExp(`\\$${name}\\b`).test(text));
}

interface Item {
  readonly title: string;
  readonly took: string;
  readonly lines: readonly string[];
}

function beforehand({ facts, decides }: RunbookContract): Item[] {
  const { detection, decisionMs } = facts;
  const items: Item[] = [];
  if (detection !== null) {
    items.push({
      title: 'Notice it.',
      took: `${formatDuration(detection.failures * detection.everyMs)} of the RTO are set aside for this`,
      lines: [`${detection.failures} failed checks, ${formatDuration(detection.everyMs)} apart.`],
    });
  }
  const who = decides === undefined ? [] : [`${sentence(decides)}`];
  if (decisionMs > 0 || decides !== undefined) {
    const took =
      decisionMs > 0 ? `${formatDuration(decisionMs)} of the RTO are set aside for this` : 'no time is set aside';
    items.push({ title: 'Decide.', took, lines: who });
  }
  return items;
}

/** Returns the steps that restore the service, and those that move it back afterwards, by the phases and stages in a record. */
function stepsByPart({ recovery, failBack, phases }: DrillRecord) {
  const all = recovery?.steps ?? [];
  const inTime = new Set<string>(phases.map(({ name }) => name));
  const later = new Set((failBack?.stages ?? []).map(({ name }) => name));
  // Steps before the disaster (taking a backup, setting up a mirror) belong to neither.
  return {
    recovery: all.filter(({ phase }) => inTime.has(phase)),
    moveBack: all.filter(({ phase }) => later.has(phase)),
  };
}

function movingBack(items: readonly Item[], done: number, record: DrillRecord): string[] {
  if (items.length === 0) return [];
  const reads = [...new Set((record.failBack?.proofs ?? []).map(({ what }) => withoutDrill(what, record)))];
  return [
    '**Afterwards, move back.** Nothing of this is urgent: users are served meanwhile.',
    '',
    ...numbered(items, done),
    ...(reads.length === 0 ? [] : [`It worked when these hold: ${reads.join('; ')}.`, '']),
  ];
}

function itemOf({ what, command, measuredMs, ifItFails }: RecoveryStepRecord, record: DrillRecord): Item {
  const typed = command === undefined ? [] : ['```sh', ...withoutDrill(command, record).split('\n'), '```'];
  return {
    title: sentence(withoutDrill(what, record)),
    took: `took ${duration(measuredMs)}`,
    lines: [...typed, ...(ifItFails === undefined ? [] : [`If it fails: ${ifItFails}`])],
  };
}

function serviceCheck({ phases, probe }: DrillRecord): Item {
  const measuredMs = phases.find(({ name }) => name === 'service-check')?.measuredMs ?? 0;
  const lines = [
    ...(probe.reads === undefined ? [] : [`Read, as users do: ${probe.reads}.`]),
    ...(probe.writes === undefined ? [] : [`Write, as users do: ${probe.writes}.`]),
  ];
  return { title: 'Check that users are served.', took: `took ${duration(measuredMs)}`, lines };
}

function numbered(items: readonly Item[], done = 0): string[] {
  return items.flatMap(({ title, took, lines }, index) => {
    const number = done + index + 1;
    const indent = ' '.repeat(`${number}. `.length);
    const isCode = lines[0]?.startsWith('```') === true;
    return [
      `${number}. **${title}** (${took})`,
      ...(isCode ? [''] : []),
      ...lines.flatMap((line) => [`${indent}${line}`, ...(line === '```' ? [''] : [])]),
      '',
    ];
  });
}

function proof(record: DrillRecord): string[] {
  const { comparison, provenance } = record;
  const kinds = (comparison?.items ?? []).filter(({ expected }) => expected > 0);
  const assured = (record.assurances ?? []).map(({ promise, what }) => `${what} (${promise})`);
  const renewed = provenance.filter(({ isNew }) => isNew).map(({ what }) => withoutDrill(what, record));
  return [
    '**It worked when** users read and write again, and',
    '',
    `- everything is back with the same content (in the drill: ${listed(kinds.map(({ kind, matched }) => `${count(matched)} ${kind}`))});`,
    ...(renewed.length === 0
      ? []
      : [`- these are others than before, so it is not the old thing still there: ${renewed.join('; ')}.`]),
    ...(assured.length === 0
      ? []
      : [`- this holds too: ${assured.map((what) => withoutDrill(what, record)).join('; ')}.`]),
    '',
    ...(comparison === null || comparison.notVerified.length === 0
      ? []
      : [
          `The drill did not look at: ${comparison.notVerified.map((what) => withoutDrill(what, record)).join('; ')}.`,
          '',
        ]),
  ];
}

function objectives({ contract, disaster, judgement }: DrillRecord): string[] {
  const { rtoMs, rpoMs } = contract;
  const waitMs = disaster.backupWait?.waitMs ?? 0;
  const included =
    waitMs === 0
      ? 'noticing and deciding included'
      : `noticing, deciding and ${formatDuration(waitMs)} until the backup is known there included`;
  const measured = (valueMs: number | null | undefined) =>
    valueMs === null || valueMs === undefined ? '–' : duration(valueMs);
  return [
    '| | promised | in the drill |',
    '| --- | --- | --- |',
    `| service back, ${included} | ${formatDuration(rtoMs)} (RTO) | ${measured(judgement?.rta?.valueMs)} |`,
    ...(rpoMs === null
      ? [`| writes lost | not promised: it ${KEEPS_NO_DATA} | not judged |`]
      : [
          `| writes lost | ${rpoMs === 0 ? 'none' : formatDuration(rpoMs)} (RPO) | ${measured(judgement?.rpa?.valueMs)} |`,
          `| writes lost in the worst case that the schedule allows | ${rpoMs === 0 ? 'none' : formatDuration(rpoMs)} (RPO) | ${measured(judgement?.exposureMs)} |`,
        ]),
    '',
  ];
}

function lastPassed({ moments, environment }: DrillRecord): string[] {
  const utc = (moments.ended ?? moments.began).utc;
  const commit =
    environment.commit === null
      ? 'unknown'
      : `${environment.commit.slice(0, 7)}${environment.dirty === true ? ' with changes' : ''}`;
  return [
    `Last passed ${figure('time', `${utc.slice(0, 10)} ${utc.slice(11, 16)} UTC`)} on target ${figure('target', environment.target)}, commit ${figure('commit', commit)}.`,
  ];
}
