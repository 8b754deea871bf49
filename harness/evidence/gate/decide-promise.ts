import type { PostureRecord } from '../../model/posture.ts';
import type { DrillRecord, Verdict } from '../../model/record.ts';
import { formatDuration } from '../../model/units.ts';
import { inWords } from '../../reporting/text.ts';
import { missingRuns, oldestProofMs } from '../cadence.ts';
import { CLOCK_SKEW_MS, type PromiseFacts } from '../entry.ts';
import {
  type DisasterProofs,
  drillKey,
  type GateProofs,
  type OtherProof,
  type Proof,
  type TargetProofs,
} from './collect-proofs.ts';
import type { GateProblem, ProofFacts, SignOffFacts } from './decision.ts';
import { type JudgedAgain, type JudgedFinding, judgeDrillAgain, judgePostureAgain } from './judge-again.ts';
import type { GateRule } from './policy.ts';
import { type GateQuestion, isPosture, keysFor, rankOf, ruleFor } from './question.ts';
import { UNWAIVABLE_CHANGE } from './waivers.ts';

// What holds of one promise, before waivers: for each disaster the proof that counts, and everything that is wrong with it.

/** A problem with what a waiver needs to know of it. */
export interface FoundProblem extends GateProblem {
  /** By finding, why it cannot be waived. */
  readonly unwaivable: Readonly<Record<string, string>>;
}

export interface PromiseState {
  readonly promise: PromiseFacts;
  readonly proofs: readonly ProofFacts[];
  readonly nextDue: string | null;
  readonly signOff: SignOffFacts | null;
  readonly problems: readonly FoundProblem[];
  readonly isAtRisk: boolean;
  readonly notes: readonly string[];
}

/** One disaster of a promise, or a posture contract, on its way to a decision. */
interface Subject {
  readonly promise: PromiseFacts;
  readonly disaster: string | null;
  readonly rule: GateRule;
  readonly question: GateQuestion;
}

/** Undefined where the policy leaves the promise out of the decision. */
export function stateOf(promise: PromiseFacts, proofs: GateProofs, question: GateQuestion): PromiseState | undefined {
  const rule = ruleFor(question.policy, promise);
  if (rule === undefined) return undefined;
  const states = isPosture(promise)
    ? [postureState({ promise, disaster: null, rule, question }, proofs.postures.get(promise.contract))]
    : promise.disasters.map((disaster) =>
        drillState({ promise, disaster, rule, question }, proofs.drills.get(drillKey(promise.contract, disaster))),
      );
  const kept = states.flatMap(({ proof }) => proof ?? []);
  const signOff = proofs.signOffs.get(promise.contract) ?? null;
  return {
    promise,
    proofs: kept,
    nextDue: nextDueOf(promise, kept),
    signOff,
    problems: [
      ...uncommittedProblems({ promise, disaster: null, rule, question }),
      ...states.flatMap(({ problems }) => problems),
      // Where nothing is proved there is nothing to sign off.
      ...(kept.length === 0 ? [] : signOffProblems({ promise, disaster: null, rule, question }, kept, signOff)),
    ],
    isAtRisk: states.some(({ proof }) => proof?.verdict === 'at-risk'),
    notes: [...new Set(states.flatMap(({ notes }) => notes))],
  };
}

/**
 * Of a contract that the base branch promises and this change does not, or of disasters of one: a change that drops a promise needs
 * somebody who accepts it. Undefined where the policy leaves it out.
 */
export function removedState(promise: PromiseFacts, question: GateQuestion): PromiseState | undefined {
  const rule = ruleFor(question.policy, promise);
  if (rule === undefined) return undefined;
  const problems = (isPosture(promise) ? [null] : promise.disasters).map((disaster) =>
    problem(
      { promise, disaster, rule, question },
      'removed',
      2,
      'The base branch promises this, and this change does not.',
      'Keep the contract, or accept the change with a waiver of `removed` on the base branch.',
      ['removed'],
    ),
  );
  return { promise, proofs: [], nextDue: null, signOff: null, problems, isAtRisk: false, notes: [] };
}

/** When the first of its disasters is due again. */
function nextDueOf({ cadenceMs }: PromiseFacts, proofs: readonly ProofFacts[]): string | null {
  if (cadenceMs === null || proofs.length === 0) return null;
  const firstMs = Math.min(...proofs.map(({ provedAt }) => Date.parse(provedAt)));
  return new Date(firstMs + cadenceMs).toISOString();
}

function signOffProblems(
  subject: Subject,
  proofs: readonly ProofFacts[],
  signOff: SignOffFacts | null,
): FoundProblem[] {
  const { rule, question, promise } = subject;
  if (rule.signOff === null) return [];
  const found = (sentence: string) => [
    problem(
      subject,
      'sign-off',
      2,
      sentence,
      `Somebody with a key of \`signOff.signedBy\` reviews the last drills: \`npx dr-contracts sign-off --contract ${promise.contract}\`.`,
      ['sign-off'],
    ),
  ];
  const allowed = formatDuration(rule.signOff.maxAgeMs);
  if (signOff === null) {
    return found(`Nobody has signed it off; the policy asks for that every ${allowed}, with a key that it names.`);
  }
  const { reviewer, role, outcome, comment, at, keyId } = signOff;
  const ageMs = question.at.getTime() - Date.parse(at);
  const who = `${reviewer}${role === null ? '' : ` (${role})`}`;
  const ago = formatDuration(Math.max(0, ageMs));
  if (outcome === 'rejected') return found(`Rejected by ${who} ${ago} ago: ${comment}`);
  if (proofs.some((proof) => proof.keyId === keyId)) {
    return found(
      `The sign-off by ${who} is signed with the key that signed the proof; the policy asks for another one.`,
    );
  }
  if (ageMs <= rule.signOff.maxAgeMs) return [];
  return found(`The last sign-off, by ${who}, is ${ago} old, and the policy allows ${allowed}.`);
}

interface SubjectState {
  readonly proof: ProofFacts | undefined;
  readonly problems: readonly FoundProblem[];
  readonly notes: readonly string[];
}

const drillState = (subject: Subject, proofs: DisasterProofs<DrillRecord> | undefined): SubjectState =>
  stateFrom(subject, proofs, judgeDrillAgain, (proof, judged) => {
    const { rtoMs, rpoMs } = proof.record.contract;
    return { ...factsOf(subject, proof, judged), rtoMs, rpoMs, drillId: proof.record.drillId };
  });

const postureState = (subject: Subject, proofs: DisasterProofs<PostureRecord> | undefined): SubjectState =>
  stateFrom(subject, proofs, judgePostureAgain, (proof, judged) => factsOf(subject, proof, judged));

function factsOf({ disaster, question }: Subject, proof: Proof<unknown>, judged: JudgedAgain): ProofFacts {
  const { sequence, digest, runId, target, commit, keyId, provedAtMs, regression } = proof;
  const { verdict, recorded, today, sentence } = judged;
  return {
    disaster,
    verdict,
    recorded,
    today,
    sentence,
    sequence,
    digest,
    runId,
    drillId: null,
    provedAt: new Date(provedAtMs).toISOString(),
    ageMs: question.at.getTime() - provedAtMs,
    target,
    commit,
    keyId,
    rtoMs: null,
    rpoMs: null,
    ...judged.figures,
    regression,
  };
}

/** The last proof on one target, judged, with the breach that it did not clear. */
interface Candidate<R> {
  readonly proof: Proof<R>;
  readonly judged: JudgedAgain;
  readonly problems: readonly FoundProblem[];
  readonly breach: { readonly proof: Proof<R>; readonly judged: JudgedAgain } | undefined;
}

function stateFrom<R>(
  subject: Subject,
  proofs: DisasterProofs<R> | undefined,
  judgeAgain: (record: R) => JudgedAgain,
  toFacts: (proof: Proof<R>, judged: JudgedAgain) => ProofFacts,
): SubjectState {
  const { rule, question } = subject;
  const onTargets = [...(proofs?.byTarget.values() ?? [])];
  if (proofs === undefined || onTargets.length === 0) {
    return { proof: undefined, problems: withoutProof(subject, proofs), notes: [] };
  }
  const candidates = onTargets.map((each) => candidateOf(each, subject, judgeAgain));
  const minimum = rule.target === null ? Number.NEGATIVE_INFINITY : rankOf(question.policy, rule.target);
  const qualified = candidates.filter(({ proof }) => rankOf(question.policy, proof.target) >= minimum);
  const chosen = bestOf(qualified) ?? latestOf(candidates);
  const tooWeak = qualified.length === 0 ? [weakTarget(subject, chosen.proof)] : [];
  const breaches = candidates.filter(
    (each) => each !== chosen && each.breach !== undefined && stillCounts(each.breach.proof, chosen.proof, subject),
  );
  const problems = [
    ...(chosen.breach === undefined || chosen.breach.proof === chosen.proof
      ? []
      : verdictProblems(subject, chosen.breach.judged)),
    ...breaches.flatMap(({ breach }) => (breach === undefined ? [] : verdictProblems(subject, breach.judged))),
    ...tooWeak,
    ...chosen.problems,
    ...strangerProblems(subject, proofs.stranger, chosen.proof),
  ];
  const notes = [
    ...(chosen.judged.difference === undefined ? [] : [`${labelOf(subject)}: ${chosen.judged.difference}`]),
    ...laterNotes(subject, proofs.otherVersion, chosen.proof),
  ];
  return { proof: toFacts(chosen.proof, chosen.judged), problems: distinct(problems), notes };
}

function candidateOf<R>(
  { latest, lastMet, lastBreach }: TargetProofs<R>,
  subject: Subject,
  judgeAgain: (record: R) => JudgedAgain,
): Candidate<R> {
  const judged = judgeAgain(latest.record);
  const problems = [
    ...verdictProblems(subject, judged),
    ...ageProblems(subject, latest),
    ...(latest.regression?.state === 'slower' ? [slower(subject, latest.regression.sentence)] : []),
  ];
  if (judged.verdict === 'breached') return { proof: latest, judged, problems, breach: { proof: latest, judged } };
  const isProved = (proof: Proof<R> | null): boolean =>
    proof !== null && ['met', 'at-risk'].includes(judgeAgain(proof.record).verdict);
  // A drill that proved nothing does not clear a breach; one that was met since does.
  const isCleared =
    lastBreach === null || (lastMet !== null && lastMet.sequence > lastBreach.sequence && isProved(lastMet));
  const breach =
    isCleared || lastBreach === null ? undefined : { proof: lastBreach, judged: judgeAgain(lastBreach.record) };
  return { proof: latest, judged, problems, breach };
}

/** Least trouble first; of equals, the one that was appended last. */
function bestOf<R>(candidates: readonly Candidate<R>[]): Candidate<R> | undefined {
  const trouble = ({ problems, breach }: Candidate<R>): number =>
    breach !== undefined || problems.some(({ code }) => code === 1) ? 2 : problems.length > 0 ? 1 : 0;
  return candidates.toSorted((a, b) => trouble(a) - trouble(b) || b.proof.sequence - a.proof.sequence)[0];
}

function latestOf<R>(candidates: readonly Candidate<R>[]): Candidate<R> {
  const [latest] = candidates.toSorted((a, b) => b.proof.sequence - a.proof.sequence);
  if (latest === undefined) throw new Error('there is no candidate');
  return latest;
}

/** A breach on another target counts while it is newer than the proof, or younger than a proof may be. */
const stillCounts = (breach: Proof<unknown>, chosen: Proof<unknown>, { rule, question }: Subject): boolean =>
  breach.sequence > chosen.sequence || question.at.getTime() - breach.provedAtMs <= rule.maxAgeMs;

function distinct(problems: readonly FoundProblem[]): readonly FoundProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ kind, sentence }) => {
    const key = `${kind} ${sentence}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** How a problem is labelled where its contract is not known from the context. */
export const labelOf = ({ promise, disaster }: Pick<Subject, 'promise' | 'disaster'>): string =>
  disaster === null ? promise.contract : `${promise.contract} › ${disaster}`;

function problem(
  { promise, disaster }: Subject,
  kind: GateProblem['kind'],
  code: GateProblem['code'],
  sentence: string,
  nextStep: string,
  findings: readonly JudgedFinding[] | readonly string[] = [],
): FoundProblem {
  const named = findings.map((each) => (typeof each === 'string' ? { name: each, unwaivable: undefined } : each));
  return {
    kind,
    code,
    contract: promise.contract,
    disaster,
    findings: named.map(({ name }) => name),
    sentence,
    nextStep,
    unwaivable: Object.fromEntries(
      named.flatMap(({ name, unwaivable }) => (unwaivable === undefined ? [] : [[name, unwaivable]])),
    ),
  };
}

function drillCommand({ promise, rule }: Subject): string {
  const target = rule.target === null ? '' : ` --target ${rule.target}`;
  return `npx dr-contracts drill --contract ${promise.contract}${target}`;
}

const drillAgain = (subject: Subject): string => `Run \`${drillCommand(subject)}\`.`;

function withoutProof(subject: Subject, proofs: DisasterProofs<unknown> | undefined): readonly FoundProblem[] {
  const { stranger, otherVersion } = proofs ?? { stranger: null, otherVersion: null };
  if (stranger !== null) return [unsignedOrStranger(subject, stranger)];
  // Whoever accepts that files changed has not accepted how old the proof is.
  if (otherVersion !== null) return [otherFiles(subject, otherVersion), ...ageProblems(subject, otherVersion)];
  const what = subject.disaster === null ? 'Never checked' : 'Never drilled';
  const sentence = `${what}: the ledger holds no proof of it.`;
  return [problem(subject, 'missing', 2, sentence, drillAgain(subject), ['missing'])];
}

/** What is proved is what lies here, and what is promoted is the commit. */
function uncommittedProblems(subject: Subject): FoundProblem[] {
  const { rule, question, promise } = subject;
  const here = new Set(question.uncommitted ?? []);
  const paths = promise.inputs.map(({ path }) => path).filter((path) => here.has(path));
  if (paths.length === 0 || rule.provedAt === 'any') return [];
  const sentence = `Here ${filesInWords(paths)} ${paths.length === 1 ? 'is' : 'are'} not as ${commitText(question.commit)} has ${paths.length === 1 ? 'it' : 'them'}, so nobody can say what that commit proves.`;
  const next = `Commit the change and drill it, or take it back: \`git status\` shows it.`;
  return [
    {
      ...problem(subject, 'changed', 2, sentence, next, ['changed']),
      unwaivable: { changed: UNWAIVABLE_CHANGE.uncommitted },
    },
  ];
}

function otherFiles(subject: Subject, other: OtherProof): FoundProblem {
  const { commit: asked, workTree } = subject.question;
  const last = `The last proof (${age(subject, other)} ago, ${other.recorded}) is of another version`;
  const why =
    subject.rule.provedAt === 'this-commit'
      ? `${subject.promise.priority} asks for a proof of ${commitText(asked)}, and it is of ${commitText(other.commit)}`
      : other.changed === null
        ? workTree === 'elsewhere'
          ? `it is of ${commitText(other.commit)}, and ${commitText(asked)} is asked about`
          : `it is of ${commitText(other.commit)}, and the ledger does not say with which files`
        : `${filesInWords(other.changed)} changed since`;
  const found = problem(subject, 'changed', 2, `${last}: ${why}.`, drillAgain(subject), ['changed']);
  const isGood = other.recorded === 'met' || other.recorded === 'at-risk';
  return isGood ? found : { ...found, unwaivable: { changed: UNWAIVABLE_CHANGE.notMet } };
}

function filesInWords(paths: readonly string[]): string {
  const shown = paths.slice(0, 2);
  return paths.length <= 2 ? inWords(shown) : `${shown.join(', ')} and ${paths.length - 2} more`;
}

const commitText = (commit: string | null): string =>
  commit === null ? 'an unknown commit' : `commit ${commit.slice(0, 10)}`;
const age = ({ question }: Subject, { provedAtMs }: { readonly provedAtMs: number }): string =>
  formatDuration(Math.max(0, question.at.getTime() - provedAtMs));

function unsignedOrStranger(subject: Subject, { keyId, provedAtMs, recorded }: OtherProof): FoundProblem {
  const last = `The last proof (${age(subject, { provedAtMs })} ago, ${recorded}) is`;
  const asked = keysFor(subject.question, subject.promise).map((key) => key.slice(0, 12));
  const wanted = `the policy asks for ${asked.length === 1 ? `key ${asked[0]}` : `one of the keys ${asked.join(', ')}`}`;
  const next = `Drill where that key is: \`${drillCommand(subject)}\`.`;
  if (keyId === null) return problem(subject, 'unsigned', 2, `${last} not signed; ${wanted}.`, next);
  return problem(subject, 'stranger', 2, `${last} signed by a stranger, key ${keyId.slice(0, 12)}; ${wanted}.`, next);
}

function strangerProblems(subject: Subject, stranger: OtherProof | null, chosen: Proof<unknown>): FoundProblem[] {
  // Somebody without the key wrote after the proof. What was written is no proof, and why it was written is worth a look.
  return stranger !== null && stranger.sequence > chosen.sequence ? [unsignedOrStranger(subject, stranger)] : [];
}

/** A drill of other files says nothing of these, and is worth a look where it was no success. */
function laterNotes(subject: Subject, other: OtherProof | null, chosen: Proof<unknown>): string[] {
  if (other === null || other.sequence < chosen.sequence || ['met', 'at-risk'].includes(other.recorded)) return [];
  return [
    `${labelOf(subject)}: a later drill of other files was ${other.recorded} (entry ${other.sequence}, ${commitText(other.commit)}).`,
  ];
}

function weakTarget(subject: Subject, { target }: Proof<unknown>): FoundProblem {
  const { rule, question, promise } = subject;
  const isListed = rankOf(question.policy, target) >= 0;
  const observed = isListed ? `proved on ${target} only` : `proved on ${target} only, which the policy does not rank`;
  const sentence = `${observed[0]?.toUpperCase()}${observed.slice(1)}; ${promise.priority} needs ${rule.target} or better.`;
  return problem(subject, 'target', 2, sentence, drillAgain(subject), ['target']);
}

function ageProblems(subject: Subject, proof: { readonly provedAtMs: number }): FoundProblem[] {
  const { promise, rule, question } = subject;
  const ageMs = question.at.getTime() - proof.provedAtMs;
  if (ageMs < -CLOCK_SKEW_MS) {
    const when = new Date(proof.provedAtMs).toISOString();
    const sentence = `The last proof is dated ${when}, ${formatDuration(-ageMs)} in the future, so its age is not known.`;
    return [
      problem(subject, 'future', 2, sentence, `Correct the clock of the machine that drills. ${drillAgain(subject)}`),
    ];
  }
  const { cadenceMs } = promise;
  const missing = cadenceMs === null ? 0 : missingRuns(ageMs, cadenceMs, false);
  const overdue: FoundProblem[] = [];
  if (cadenceMs !== null && missing > 0 && oldestProofMs(cadenceMs) < rule.maxAgeMs) {
    const sentence = `The contract promises a proof every ${formatDuration(cadenceMs)}, and the last one is ${formatDuration(ageMs)} old: ${missing} scheduled ${missing === 1 ? 'run is' : 'runs are'} missing.`;
    const next = `Find out why nothing ran as scheduled. ${drillAgain(subject)}`;
    overdue.push(problem(subject, 'overdue', 2, sentence, next, ['overdue']));
  }
  // Whoever accepts that a scheduled run is missing has not accepted an age that the policy forbids.
  if (ageMs <= rule.maxAgeMs) return overdue;
  const sentence = `Stale: the last proof is ${formatDuration(ageMs)} old, and ${promise.priority} allows ${formatDuration(rule.maxAgeMs)}.`;
  return [...overdue, problem(subject, 'stale', 2, sentence, drillAgain(subject), ['stale'])];
}

function slower(subject: Subject, sentence: string): FoundProblem {
  const next = `Find what made it slower, or begin a new baseline in the policy: regression.since['${subject.promise.contract}'].`;
  return problem(subject, 'regression', 1, sentence, next, ['regression']);
}

/** Every breach with its own sentence; what is not proved in one, because it mostly has one cause. */
function verdictProblems(subject: Subject, judged: JudgedAgain): FoundProblem[] {
  const { verdict, findings, sentence } = judged;
  if (verdict === 'met' || (verdict === 'at-risk' && subject.rule.allowsAtRisk)) return [];
  const of = (wanted: Verdict) => findings.filter((finding) => finding.verdict === wanted);
  if (verdict === 'at-risk') {
    const said = `${sentence} At risk, and ${subject.promise.priority} allows only met.`;
    return [problem(subject, 'at-risk', 1, said, drillAgain(subject), of('at-risk'))];
  }
  const isPostureCheck = subject.disaster === null;
  const byCause = Map.groupBy(of('breached'), (finding) => (isPostureCheck ? finding.name : finding.sentence));
  const breached = [...byCause.values()].map((alike) =>
    problem(
      subject,
      isPostureCheck ? 'posture' : 'breached',
      1,
      alike[0]?.sentence ?? sentence,
      `Fix the cause. ${drillAgain(subject)}`,
      alike,
    ),
  );
  const open = of('unproven');
  const [first] = open;
  const unproven =
    first === undefined
      ? []
      : [problem(subject, 'unproven', 2, notProved(first.sentence, open), drillAgain(subject), open)];
  if (breached.length > 0 || unproven.length > 0) return [...breached, ...unproven];
  // The verdict is worse than every finding: the record does not say why.
  const kind = verdict === 'breached' ? 'breached' : 'unproven';
  return [problem(subject, kind, verdict === 'breached' ? 1 : 2, sentence, drillAgain(subject))];
}

function notProved(sentence: string, open: readonly JudgedFinding[]): string {
  const others = open.filter((finding) => finding.sentence !== sentence).map(({ name }) => name);
  return others.length === 0 ? sentence : `${sentence} Not proved either: ${others.join(', ')}.`;
}
