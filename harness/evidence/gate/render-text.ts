import { counted } from '../../model/text.ts';
import { formatDuration, KEEPS_NO_DATA } from '../../model/units.ts';
import { haltsBehind } from '../../reporting/halts-text.ts';
import { paletteFor, type TerminalTraits } from '../../reporting/terminal.ts';
import { inWords, truncate, wrapWords } from '../../reporting/text.ts';
import { waiverName } from './decide.ts';
import type { GateDecision, GateProblem, PromiseDecision, ProofFacts, SignOffFacts } from './decision.ts';

// The text form of a decision. It fits on a screen: similar problems share a line, and `--explain` shows the rest.

/** Up to this many problems get a line each. If there are more, problems of the same kind share a line. */
const MOST_ALONE = 4;
/** With more contracts, the command drills all: a command that names them is unreadable. */
const MOST_NAMED = 5;
const LONGEST_SENTENCE = 280;
const MOST_NOTES = 4;

const HEADINGS: Readonly<Record<GateProblem['kind'], string>> = {
  'gate-failed': 'Gate failed',
  'file-invalid': 'Invalid file',
  breached: 'Breached',
  posture: 'Breached',
  'at-risk': 'At risk',
  regression: 'Slower',
  'broken-ledger': 'Ledger broken',
  stranger: 'Signed by a stranger',
  unsigned: 'Not signed',
  future: 'Dated in the future',
  'waiver-expired': 'Waiver expired',
  'waiver-unused': 'Waiver unused',
  unproven: 'Unproven',
  changed: 'Changed since its proof',
  target: 'Target too weak',
  overdue: 'Run missing',
  stale: 'Stale',
  missing: 'Missing',
  removed: 'No longer promised',
  'sign-off': 'Not signed off',
  'not-read': 'Not read',
  'no-promise': 'No promise',
};
/** Sorted by urgency. */
const ORDER = Object.keys(HEADINGS);

export function renderGateText(decision: GateDecision, traits: TerminalTraits): string {
  const { bold, verdict } = paletteFor(traits);
  const title = titleOf(decision);
  const colour = decision.exitCode === 0 ? 'met' : decision.isInconclusive ? 'unproven' : 'breached';
  const paragraphs = [
    bold(verdict(colour, title)),
    ...problemParagraphs(decision, traits),
    ...[passedLine(decision), waivedLine(decision)].filter((line) => line !== ''),
    ...announcements(decision),
    ...noteLines(decision),
    sourceLine(decision),
  ];
  return `${paragraphs.map((text) => wrapLines(text, traits.columns)).join('\n')}\n`;
}

/** Returns the decision in one sentence, with the number of promises. */
export function titleOf({ decision, exitCode, counts, problems }: GateDecision): string {
  const { promises, waived, blocked } = counts;
  const plural = promises === 1 ? 'promise' : 'promises';
  if (decision === 'pass') {
    const how = waived === 0 ? '' : `, ${waived} of them only by a waiver`;
    return `PASS: ${promises === 1 ? 'the promise' : `all ${promises} promises`} may be promoted${how} (exit 0)`;
  }
  if (blocked > 0) return `BLOCKED: ${blocked} of ${promises} ${plural} may not be promoted (exit ${exitCode})`;
  const [worst] = problems.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  return `BLOCKED: ${worst === undefined ? 'nothing is promised' : HEADINGS[worst.kind].toLowerCase()} (exit ${exitCode})`;
}

const wrapLines = (text: string, columns: number): string =>
  text
    .split('\n')
    .map((line) => {
      const indent = /^ */.exec(line)?.[0] ?? '';
      return indent + wrapWords(line.trimStart(), columns - indent.length, `${indent}  `).replace(/^ +/, '');
    })
    .join('\n');

export const allProblems = ({ problems, promises }: GateDecision): readonly GateProblem[] =>
  [...problems, ...promises.flatMap((promise) => promise.problems)].toSorted(
    (a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind),
  );

export const labelOf = ({ contract, disaster }: Pick<GateProblem, 'contract' | 'disaster'>): string =>
  disaster === null ? (contract ?? '') : `${contract} › ${disaster}`;

function problemParagraphs(decision: GateDecision, traits: TerminalTraits): string[] {
  const byHeading = Map.groupBy(toldOnce(allProblems(decision)), ({ kind }) => HEADINGS[kind]);
  return [...byHeading].flatMap(([heading, alike]) =>
    alike.length > MOST_ALONE || (alike.length > 1 && areAlike(alike))
      ? [together(heading, alike, decision, traits)]
      : alike.map((problem) => alone(heading, problem, decision, traits)),
  );
}

/** Drops unproven findings of a breached drill: that drill must be repeated anyway. `--explain` shows them. */
function toldOnce(problems: readonly GateProblem[]): readonly GateProblem[] {
  const broken = new Set(problems.filter(({ kind }) => kind === 'breached').map(labelOf));
  return problems.filter((problem) => problem.kind !== 'unproven' || !broken.has(labelOf(problem)));
}

/** Returns whether the sentences differ only in the label. */
const areAlike = (problems: readonly GateProblem[]): boolean =>
  new Set(problems.map(({ sentence }) => sentence)).size === 1;

function alone(heading: string, problem: GateProblem, { promises }: GateDecision, traits: TerminalTraits): string {
  const { verdict, bold } = paletteFor(traits);
  const { contract, sentence, nextStep, code } = problem;
  const promise = promises.find((each) => each.contract === contract);
  const who = promise === undefined ? '' : ` (${promise.priority}, ${promise.owner})`;
  const label = labelOf(problem);
  const head = verdict(code === 2 ? 'unproven' : 'breached', heading);
  const name = label === '' ? '' : ` ${bold(label)}${who}`;
  return `\n${head}${name}${haltsBehind(problem)}\n  ${shortened(sentence)}\n  ${nextStep}`;
}

function together(
  heading: string,
  problems: readonly GateProblem[],
  { promises }: GateDecision,
  traits: TerminalTraits,
): string {
  const { verdict } = paletteFor(traits);
  const [first] = problems;
  const head = verdict(first?.code === 2 ? 'unproven' : 'breached', heading);
  const sentence = areAlike(problems) ? first?.sentence : first && OF_SEVERAL[first.kind];
  const contracts = [...new Set(problems.flatMap(({ contract }) => contract ?? []))];
  const only =
    contracts.length === promises.length || contracts.length > MOST_NAMED ? '' : ` --contract ${contracts.join(' ')}`;
  const next =
    first?.kind === 'sign-off'
      ? 'Review their last drills: `npx dr-contracts sign-off --help`.'
      : first?.code === 2 && contracts.length > 0
        ? `Run \`npx dr-contracts drill${only}${targetIn(problems)}\`.`
        : 'Run `npx dr-contracts gate --explain NAME` for each.';
  const halted = [...new Set(problems.flatMap(({ halts }) => halts ?? []))];
  const halts = halted.length === 0 ? '' : `\n  Halts the roll-out: ${inWords(halted)}.`;
  return `\n${head} (${problems.length}): ${namesOf(problems)}${halts}\n  ${sentence === undefined ? '' : `${sentence} `}${next}`;
}

/** Returns the target that all of them require, as an option. */
function targetIn(problems: readonly GateProblem[]): string {
  const targets = new Set(problems.map(({ nextStep }) => / --target [^\s`]+/.exec(nextStep)?.[0] ?? ''));
  const [only = ''] = targets;
  return targets.size === 1 ? only : '';
}

/** Returns contracts with their disasters: `api, nats-streams (stream-deleted, server-lost)`. */
function namesOf(problems: readonly GateProblem[]): string {
  const byContract = Map.groupBy(problems, ({ contract }) => contract ?? 'the gate');
  return [...byContract]
    .map(([contract, own]) => {
      const disasters = [...new Set(own.flatMap(({ disaster }) => disaster ?? []))];
      return disasters.length === 0 ? contract : `${contract} (${disasters.join(', ')})`;
    })
    .join(', ');
}

/** Sentences for several problems whose own sentences differ. */
const OF_SEVERAL: Partial<Record<GateProblem['kind'], string>> = {
  missing: 'The ledger holds no proof of these.',
  stale: 'These proofs are older than the policy allows.',
  overdue: 'Scheduled runs of these are missing.',
  changed: 'The files behind these changed since the last proof, or its version is not known.',
  unproven: 'The last drills of these proved nothing.',
  removed: 'The base branch promises these, and this change does not.',
  target: 'These were proved on a weaker target than the policy asks for.',
  unsigned: 'The last proofs of these are not signed.',
  stranger: 'The last proofs of these are signed by a key that the policy does not name.',
  'sign-off': 'These lack a sign-off as the policy asks for it, with one of its keys.',
};

const shortened = (sentence: string): string => truncate(sentence, LONGEST_SENTENCE, '… (--explain tells all)');

/** Returns whether a problem of the whole decision leaves every promise undecided. */
const isUndecided = ({ problems }: GateDecision): boolean =>
  problems.some(
    ({ kind, contract }) => contract === null && ['gate-failed', 'file-invalid', 'broken-ledger'].includes(kind),
  );

function passedLine(decision: GateDecision): string {
  const { promises } = decision;
  if (isUndecided(decision)) return '';
  const passed = promises.filter(({ outcome }) => outcome === 'passed');
  if (passed.length === 0) return '';
  const names = passed.map(({ contract, isAtRisk }) => `${contract}${isAtRisk ? ' (at risk)' : ''}`);
  return `\nMay be promoted (${passed.length}): ${names.join(', ')}`;
}

function waivedLine({ promises }: GateDecision): string {
  const waived = promises.filter(({ outcome }) => outcome === 'waived');
  if (waived.length === 0) return '';
  return `\nWaived (${waived.length}): ${waived.map(waivedText).join('; ')}`;
}

function waivedText({ contract, waived }: PromiseDecision): string {
  const each = waived.map(
    ({ problem, expires, approver }) => `${problem.findings.join(', ')} until ${expires}, accepted by ${approver}`,
  );
  return `${contract} (${[...new Set(each)].join('; ')})`;
}

/** Returns notes on waivers that end soon and on unused ones. */
export function announcements({ waivers, promises }: GateDecision): string[] {
  const lines = waivers.flatMap((waiver) => {
    const isKnown = promises.some(({ contract }) => contract === waiver.contract);
    if (waiver.state === 'unused' && !isKnown) {
      return [`Note: ${waiverName(waiver)}: there is no contract of this name; correct or delete it.`];
    }
    if (waiver.state === 'unused') return [`Note: ${waiverName(waiver)} covers nothing; delete it.`];
    if (waiver.state === 'expired' || !waiver.isEndingSoon) return [];
    return [
      `Note: ${waiverName(waiver)} ends in ${formatDuration(waiver.expiresInMs)} (${waiver.expires}), ${waiver.owner} owns it.`,
    ];
  });
  return lines.length === 0 ? [] : ['', ...lines];
}

function noteLines({ notes, promises }: GateDecision): string[] {
  const all = [...notes, ...promises.flatMap((promise) => promise.notes)];
  if (all.length === 0) return [];
  const more = all.length - MOST_NOTES;
  const shown = all.slice(0, MOST_NOTES).map((note) => `Note: ${note}`);
  return ['', ...shown, ...(more > 0 ? [`Note: and ${more} more; --format json lists them.`] : [])];
}

function sourceLine({ commit, at, ledger, sources }: GateDecision): string {
  const of = commit === null ? 'no commit known' : `commit ${commit.slice(0, 10)}`;
  const last =
    ledger.lastAt === null
      ? ', empty'
      : `, ${counted(ledger.entries, 'entry', 'entries')}, the last of ${ledger.lastAt}`;
  const read = ledger.isRead ? last : ' (not read)';
  return `\nAt ${at}, ${of}. Policy: ${sources.policy}. Waivers: ${sources.waivers}. Ledger: ${sources.ledger}${read}.`;
}

/** Returns all about one promise: the proof that counts for each disaster, and its problems. */
export function renderExplanation(promise: PromiseDecision, decision: GateDecision, traits: TerminalTraits): string {
  const { contract, priority, owner, file, outcome, proofs, cadenceMs, nextDue, problems, waived, notes } = promise;
  const { bold, verdict } = paletteFor(traits);
  const isOpen = isUndecided(decision) && outcome !== 'blocked';
  const colour = isOpen ? 'unproven' : outcome === 'passed' ? 'met' : outcome === 'waived' ? 'at-risk' : 'breached';
  const lines = [
    `${bold(contract)} (${priority}, ${owner}${file === null ? '' : `, ${file}`}): ${verdict(colour, isOpen ? 'not decided' : outcome)}`,
    ...decision.problems.flatMap(({ kind, sentence, nextStep, code }) => [
      `\n${verdict(code === 2 ? 'unproven' : 'breached', HEADINGS[kind])}, of the whole project (exit ${code})`,
      `  ${sentence}`,
      `  ${nextStep}`,
    ]),
    ...proofs.flatMap(proofLines),
    ...(cadenceMs === null
      ? []
      : [
          `\nPromised every ${formatDuration(cadenceMs)}; ${nextDue === null ? 'this version was never proved' : `next due ${nextDue}`}.`,
        ]),
    ...problems.flatMap((problem) => [
      `\n${verdict(problem.code === 2 ? 'unproven' : 'breached', HEADINGS[problem.kind])}${problem.disaster === null ? '' : ` ${problem.disaster}`}${haltsBehind(problem)} (exit ${problem.code})`,
      `  ${problem.sentence}`,
      `  ${problem.nextStep}`,
      ...(problem.findings.length === 0 ? [] : [`  Findings: ${problem.findings.join(', ')}`]),
    ]),
    ...waived.map(
      ({ problem, reason, approver, expires }) =>
        `\nWaived until ${expires} by ${approver} (${reason}): ${problem.sentence}`,
    ),
    ...notes.map((note) => `\nNote: ${note}`),
  ];
  return `${lines.map((line) => wrapLines(line, traits.columns)).join('\n')}\n`;
}

function proofLines(proof: ProofFacts): string[] {
  const { disaster, verdict, recorded, today, sequence, digest, runId, provedAt, ageMs, target, commit, keyId } = proof;
  const judged = recorded === today ? verdict : `${verdict} (recorded ${recorded}, judged ${today} today)`;
  const figures = [
    figure('RTO', proof.rtoMs, 'RTA', proof.rtaMs),
    proof.keepsNoData === true ? `the asset ${KEEPS_NO_DATA}` : figure('RPO', proof.rpoMs, 'RPA', proof.rpaMs),
    proof.exposureMs === null ? '' : `exposure ${formatDuration(proof.exposureMs)}`,
  ].filter((text) => text !== '');
  return [
    `\n${disaster ?? 'posture checks'}: ${judged}`,
    `  ${proof.sentence}`,
    ...(figures.length === 0 ? [] : [`  ${inWords(figures)}`]),
    `  Proved ${provedAt} (${formatDuration(Math.max(0, ageMs))} ago) on ${target}, commit ${commit?.slice(0, 10) ?? 'unknown'}, ${keyId === null ? 'not signed' : `signed by ${keyId.slice(0, 12)}`}`,
    `  Ledger entry ${sequence} (${digest.slice(0, 19)}), run ${runId}${proof.drillId === null ? '' : `, drill ${proof.drillId}`}`,
    ...(proof.regression === null ? [] : [`  ${proof.regression.sentence}`]),
    ...(proof.signOff === null ? [] : [`  ${reviewText(proof.signOff)}`]),
  ];
}

function reviewText({ outcome, reviewer, role, at, sequence, reviewed, comment }: SignOffFacts): string {
  const who = `${reviewer}${role === null ? '' : ` (${role})`}`;
  return `Review: ${outcome} by ${who} at ${at}, ledger entry ${sequence}, of entry ${reviewed.sequence}${comment === '' ? '' : `: ${comment}`}`;
}

const figure = (objective: string, objectiveMs: number | null, actual: string, actualMs: number | null): string =>
  objectiveMs === null
    ? ''
    : `${objective} ${formatDuration(objectiveMs)} / ${actual} ${actualMs === null ? 'not measured' : formatDuration(actualMs)}`;
