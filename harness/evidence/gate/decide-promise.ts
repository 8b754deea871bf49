import type { PostureRecord } from '../../model/posture.ts';
import type { DrillRecord, Verdict } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';
import { formatDuration } from '../../model/units.ts';
import { withHalt } from '../../reporting/halts-text.ts';
import { CLOCK_SKEW_MS, missingRuns, oldestProofMs, type PromiseFacts, promiseKey } from '../entry.ts';
import type { GateProofs } from './collect-proofs.ts';
import type { ProofFacts, SignOffFacts } from './decision.ts';
import { type JudgedAgain, type JudgedFinding, judgeDrillAgain, judgePostureAgain } from './judge-again.ts';
import type { DisasterProofs, OtherVersion, Proof, TargetProofs } from './kept-proofs.ts';
import {
  laterNotes,
  otherFiles,
  signOffProblems,
  strangerProblems,
  uncommittedProblems,
  unsignedOrStranger,
} from './other-proofs.ts';
import {
  disastersOf,
  drillAgain,
  type FoundProblem,
  type GateQuestion,
  labelOf,
  problem,
  rankOf,
  ruleFor,
  type Subject,
} from './question.ts';

// The state of one promise before waivers: for each disaster the proof that counts, and every problem with it.

export interface PromiseState {
  readonly promise: PromiseFacts;
  readonly proofs: readonly ProofFacts[];
  readonly nextDue: string | null;
  readonly problems: readonly FoundProblem[];
  readonly isAtRisk: boolean;
  readonly notes: readonly string[];
}

/** Returns the state of a promise; undefined if the policy excludes the promise from the decision. */
export function stateOf(promise: PromiseFacts, proofs: GateProofs, question: GateQuestion): PromiseState | undefined {
  const rule = ruleFor(question.policy, promise);
  if (rule === undefined) return undefined;
  const states = disastersOf(promise).map((disaster) => {
    const key = promiseKey(promise.contract, disaster);
    const subject = { promise, disaster, rule, question, signOff: proofs.signOffs.get(key) ?? null };
    return disaster === null
      ? postureState(subject, proofs.postures.get(promise.contract))
      : drillState(subject, proofs.drills.get(key));
  });
  const kept = states.flatMap(({ proof }) => proof ?? []);
  return {
    promise,
    proofs: kept,
    nextDue: nextDueOf(promise, kept),
    problems: [
      ...uncommittedProblems({ promise, disaster: null, rule, question }),
      ...states.flatMap(({ problems }) => problems),
    ],
    isAtRisk: states.some(({ proof }) => proof?.verdict === 'at-risk'),
    notes: [...new Set(states.flatMap(({ notes }) => notes))],
  };
}

/**
 * Returns the state of a contract, or of its disasters, that the base branch promises and this change drops. Dropping a promise needs
 * acceptance. Returns undefined if the policy excludes the promise.
 */
export function removedState(promise: PromiseFacts, question: GateQuestion): PromiseState | undefined {
  const rule = ruleFor(question.policy, promise);
  if (rule === undefined) return undefined;
  const problems = disastersOf(promise).map((disaster) =>
    problem(
      { promise, disaster, rule, question },
      'removed',
      2,
      'The base branch promises this, and this change does not.',
      'Keep the contract, or accept the change with a waiver of `removed` on the base branch.',
      ['removed'],
    ),
  );
  return { promise, proofs: [], nextDue: null, problems, isAtRisk: false, notes: [] };
}

/** Returns the time at which the first of its disasters is due again. */
function nextDueOf({ cadenceMs }: PromiseFacts, proofs: readonly ProofFacts[]): string | null {
  if (cadenceMs === null || proofs.length === 0) return null;
  const firstMs = Math.min(...proofs.map(({ provedAt }) => Date.parse(provedAt)));
  return new Date(firstMs + cadenceMs).toISOString();
}

/** A subject with its last review. */
interface Reviewed extends Subject {
  readonly signOff: SignOffFacts | null;
}

interface SubjectState {
  readonly proof: ProofFacts | undefined;
  readonly problems: readonly FoundProblem[];
  readonly notes: readonly string[];
}

const drillState = (subject: Reviewed, proofs: DisasterProofs<DrillRecord> | undefined): SubjectState =>
  stateFrom(subject, proofs, judgeDrillAgain, (proof, judged) => {
    const { rtoMs, rpoMs } = proof.record.contract;
    return {
      ...factsOf(subject, proof, judged),
      rtoMs,
      rpoMs,
      ...(rpoMs === null ? { keepsNoData: true } : {}),
      drillId: proof.record.drillId,
    };
  });

const postureState = (subject: Reviewed, proofs: DisasterProofs<PostureRecord> | undefined): SubjectState =>
  stateFrom(subject, proofs, judgePostureAgain, (proof, judged) => factsOf(subject, proof, judged));

function factsOf({ disaster, question, signOff }: Reviewed, proof: Proof<unknown>, judged: JudgedAgain): ProofFacts {
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
    signOff,
  };
}

/** The last proof on one target and its judgement, with any breach that it did not clear. */
interface Candidate<R> {
  readonly proof: Proof<R>;
  readonly judged: JudgedAgain;
  readonly problems: readonly FoundProblem[];
  readonly breach: { readonly proof: Proof<R>; readonly judged: JudgedAgain } | undefined;
}

function stateFrom<R>(
  subject: Reviewed,
  proofs: DisasterProofs<R> | undefined,
  judgeAgain: (record: R) => JudgedAgain,
  toFacts: (proof: Proof<R>, judged: JudgedAgain) => ProofFacts,
): SubjectState {
  const onTargets = [...(proofs?.byTarget.values() ?? [])];
  if (proofs === undefined || onTargets.length === 0) {
    return { proof: undefined, problems: withoutProof(subject, proofs, judgeAgain), notes: [] };
  }
  const candidates = onTargets.map((each) => candidateOf(each, subject, judgeAgain));
  const qualified = candidates.filter(({ proof }) => isStrongEnough(subject, proof));
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
    ...signOffProblems(subject, chosen.proof, subject.signOff),
    ...strangerProblems(subject, proofs.stranger, chosen.proof),
  ];
  const notes = [
    ...(chosen.judged.difference === undefined ? [] : [`${labelOf(subject)}: ${chosen.judged.difference}`]),
    ...(subject.rule.allowsAtRisk ? haltNotes(subject, chosen.judged) : []),
    ...laterNotes(subject, proofs.otherVersions, chosen.proof),
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
  const isProved = (proof: Proof<R> | null): boolean => proof !== null && isKept(judgeAgain(proof.record).verdict);
  // An unproven drill does not clear a breach; a later drill that was met does.
  const isCleared =
    lastBreach === null || (lastMet !== null && lastMet.sequence > lastBreach.sequence && isProved(lastMet));
  const breach =
    isCleared || lastBreach === null ? undefined : { proof: lastBreach, judged: judgeAgain(lastBreach.record) };
  return { proof: latest, judged, problems, breach };
}

/** Returns the candidate with the fewest problems; among equals, the last appended one. */
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
  return problems.filter(({ kind, halts, sentence }) => {
    const key = `${kind} ${halts} ${sentence}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function withoutProof<R>(
  subject: Reviewed,
  proofs: DisasterProofs<R> | undefined,
  judgeAgain: (record: R) => JudgedAgain,
): readonly FoundProblem[] {
  const others = [...(proofs?.otherVersions.values() ?? [])].toSorted((a, b) => b.sequence - a.sequence);
  const stranger = proofs?.stranger ?? null;
  // An entry from before a proof that counts is not reported: a ledger may have begun without signatures.
  if (stranger !== null && others.every((other) => other.sequence < stranger.sequence)) {
    return [unsignedOrStranger(subject, stranger)];
  }
  const chosen = others.find((other) => isStrongEnough(subject, other)) ?? others[0];
  if (chosen !== undefined) return ofOtherFiles(subject, chosen, others, judgeAgain);
  const what = subject.disaster === null ? 'Never checked' : 'Never drilled';
  const sentence = `${what}: the ledger holds no proof of it.`;
  return [problem(subject, 'missing', 2, sentence, drillAgain(subject), ['missing'])];
}

/** A waiver of `changed` accepts only the change: the proof must satisfy the rest of the policy. */
function ofOtherFiles<R>(
  subject: Reviewed,
  chosen: OtherVersion<R>,
  others: readonly OtherVersion<R>[],
  judgeAgain: (record: R) => JudgedAgain,
): readonly FoundProblem[] {
  const isGood =
    verdictProblems(subject, judgeAgain(chosen.record)).length === 0 &&
    !others.some((other) => other.recorded === 'breached' && stillCounts(other, chosen, subject));
  return [
    otherFiles(subject, chosen, isGood),
    ...(isStrongEnough(subject, chosen) ? [] : [weakTarget(subject, chosen)]),
    ...ageProblems(subject, chosen),
    ...signOffProblems(subject, chosen, subject.signOff),
  ];
}

function isStrongEnough({ rule, question }: Subject, { target }: Proof<unknown>): boolean {
  return rule.target === null || rankOf(question.policy, target) >= rankOf(question.policy, rule.target);
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
  // A waiver of a missing scheduled run does not cover an age that the policy forbids.
  if (ageMs <= rule.maxAgeMs) return overdue;
  const sentence = `Stale: the last proof is ${formatDuration(ageMs)} old, and ${promise.priority} allows ${formatDuration(rule.maxAgeMs)}.`;
  return [...overdue, problem(subject, 'stale', 2, sentence, drillAgain(subject), ['stale'])];
}

function slower(subject: Subject, sentence: string): FoundProblem {
  const next = `Find what made it slower, or begin a new baseline in the policy: regression.since['${subject.promise.contract}'].`;
  return problem(subject, 'regression', 1, sentence, next, ['regression']);
}

/** Returns a problem for each breach, and a single one for all unproven findings, because these mostly share a cause. */
function verdictProblems(subject: Subject, judged: JudgedAgain): FoundProblem[] {
  const { verdict, findings, sentence } = judged;
  if (verdict === 'met' || (verdict === 'at-risk' && subject.rule.allowsAtRisk)) return [];
  const of = (wanted: Verdict) => findings.filter((finding) => finding.verdict === wanted);
  if (verdict === 'at-risk') {
    const ofAtRisk = (text: string, alike: readonly JudgedFinding[]) => {
      const said = `${text} At risk, and ${subject.promise.priority} allows only met.`;
      return problem(subject, 'at-risk', 1, said, drillAgain(subject), alike);
    };
    const groups = byHalt(of('at-risk'));
    if (groups.length === 0) return [ofAtRisk(sentence, [])];
    return groups.map((alike) => ofAtRisk(alike[0]?.halts === undefined ? sentence : alike[0].sentence, alike));
  }
  const isPostureCheck = subject.disaster === null;
  const byCause = Map.groupBy(of('breached'), (finding) => (isPostureCheck ? finding.name : finding.sentence));
  const breached = [...byCause.values()].map((alike) =>
    problem(
      subject,
      isPostureCheck ? 'posture' : 'breached',
      1,
      alike[0]?.sentence ?? sentence,
      alike[0]?.halts === undefined ? `Fix the cause. ${drillAgain(subject)}` : drillAgain(subject),
      alike,
    ),
  );
  const unproven = byHalt(of('unproven')).map((alike) =>
    problem(subject, 'unproven', 2, notProved(alike[0]?.sentence ?? sentence, alike), drillAgain(subject), alike),
  );
  if (breached.length > 0 || unproven.length > 0) return [...breached, ...unproven];
  // The verdict is worse than every finding, so the record does not give the reason.
  const kind = verdict === 'breached' ? 'breached' : 'unproven';
  return [problem(subject, kind, verdict === 'breached' ? 1 : 2, sentence, drillAgain(subject))];
}

/** Groups the findings by the condition that they halt, because each such condition has its own owner and next step. */
const byHalt = (findings: readonly JudgedFinding[]): readonly (readonly JudgedFinding[])[] => [
  ...Map.groupBy(findings, ({ halts }) => halts).values(),
];

/** Returns notes on halts. An at-risk finding halts the roll-out even if the policy lets it pass. */
const haltNotes = (subject: Subject, { findings }: JudgedAgain): readonly string[] =>
  findings
    .filter(({ verdict, halts }) => verdict === 'at-risk' && halts !== undefined)
    .map(
      ({ name, sentence, halts, nextStep }) =>
        `${labelOf(subject)}, ${name}: ${withHalt(sentence, { halts, owner: subject.promise.owner, nextStep })}`,
    );

function notProved(sentence: string, open: readonly JudgedFinding[]): string {
  const others = open.filter((finding) => finding.sentence !== sentence).map(({ name }) => name);
  return others.length === 0 ? sentence : `${sentence} Not proved either: ${others.join(', ')}.`;
}
