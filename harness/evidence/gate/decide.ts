import { counted } from '../../model/text.ts';
import { formatDuration } from '../../model/units.ts';
import { inWords } from '../../reporting/text.ts';
import { deviationText, isOverdue } from '../deviations.ts';
import type { GateProofs } from './collect-proofs.ts';
import { type PromiseState, removedState, stateOf } from './decide-promise.ts';
import {
  exitCodeOf,
  GATE_SCHEMA_VERSION,
  type GateDecision,
  type GateProblem,
  type PromiseDecision,
  type WaiverState,
} from './decision.ts';
import { type FoundProblem, type GateQuestion, isPosture } from './question.ts';
import { ANNOUNCED_MS, endOf, isFor, isTooLong, type Waiver } from './waivers.ts';

/** Everything that a decision depends on. */
export interface GateInput extends GateQuestion {
  readonly waivers: readonly Waiver[];
  /** Undefined if the ledger could not be read. The decision then states nothing about its entries or any promise. */
  readonly proofs: GateProofs | undefined;
  /** True if an unused waiver blocks. */
  readonly isStrict?: boolean;
  /** Contracts that could not be read. */
  readonly mistakes?: readonly { readonly contract: string | null; readonly file: string; readonly message: string }[];
  /** Problems from before the decision, such as an invalid policy. */
  readonly problems?: readonly GateProblem[];
  readonly notes?: readonly string[];
  readonly sources?: GateDecision['sources'];
}

/**
 * Decides whether the commit may be promoted. Pure: the same input gives the same decision.
 *
 * It iterates over the promises, not over the proofs, so a drill that never ran blocks.
 */
export function decideGate(input: GateInput): GateDecision {
  const { promises, proofs, waivers, at, commit, policy } = input;
  const { problems: before = [], mistakes = [] } = input;
  // If contracts could not be read, it is unknown whether there are any, and which earlier ones were removed.
  const isWhole = mistakes.length === 0 && !before.some(({ kind }) => kind === 'gate-failed');
  const stated = proofs === undefined ? [] : promises.flatMap((promise) => stateOf(promise, proofs, input) ?? []);
  const states = withRemoved(
    stated,
    (isWhole ? (proofs?.removed ?? []) : []).flatMap((promise) => removedState(promise, input) ?? []),
  );
  const uses = waivers.map((waiver) => useOf(waiver, states, at.getTime()));
  const decisions = states.map((state) => decisionOn(state, uses));
  const problems = [
    ...before,
    ...(proofs === undefined ? [] : [...ledgerProblems(proofs), ...(isWhole ? notAskedProblems(proofs, commit) : [])]),
    ...notReadProblems(input),
    ...waiverProblems(input, uses),
    ...(promises.length === 0 && isWhole ? [nothingPromised()] : []),
  ];
  const exitCode = exitCodeOf([...problems, ...decisions.flatMap((each) => each.problems)]);
  const count = (outcome: PromiseDecision['outcome']) => decisions.filter((each) => each.outcome === outcome).length;
  const leftOut = proofs === undefined ? 0 : promises.length - stated.length;
  return {
    schemaVersion: GATE_SCHEMA_VERSION,
    decision: exitCode === 0 ? 'pass' : 'block',
    exitCode,
    isInconclusive: exitCode === 2,
    at: at.toISOString(),
    commit,
    counts: {
      promises: decisions.length,
      passed: count('passed'),
      atRisk: decisions.filter(({ outcome, isAtRisk }) => outcome === 'passed' && isAtRisk).length,
      waived: count('waived'),
      blocked: count('blocked'),
    },
    problems,
    promises: decisions,
    waivers: uses.map(({ waiver, state }) => stateFacts(waiver, state, at.getTime())),
    notes: [
      ...(input.notes ?? []),
      ...(proofs === undefined ? [] : ledgerNotes(proofs, input)),
      ...(policy.posture === null && leftOut > 0
        ? [`The policy leaves ${counted(leftOut, 'posture contract')} out of the decision.`]
        : []),
    ],
    ledger: {
      isRead: proofs !== undefined,
      entries: proofs?.entries ?? 0,
      lastAt: proofs?.lastAt ?? null,
      lastDigest: proofs?.lastDigest ?? null,
    },
    sources: input.sources ?? { policy: 'given', waivers: 'given', ledger: 'given' },
  };
}

/** Adds removed promises. A removed disaster is a problem of its contract; a removed contract gets a state of its own. */
function withRemoved(stated: readonly PromiseState[], removed: readonly PromiseState[]): readonly PromiseState[] {
  const byContract = new Map(removed.map((state) => [state.promise.contract, state]));
  const whole = stated.map((state) => {
    const gone = byContract.get(state.promise.contract);
    byContract.delete(state.promise.contract);
    return gone === undefined ? state : { ...state, problems: [...state.problems, ...gone.problems] };
  });
  return [...whole, ...byContract.values()];
}

/** The use of a waiver in a decision. */
interface WaiverUse {
  readonly waiver: Waiver;
  readonly state: WaiverState['state'];
  /** Why the waiver does not count although its finding exists. */
  readonly refusal: string | undefined;
}

const covers = (waiver: Waiver, problem: GateProblem): boolean => isFor(waiver, problem, problem.findings);

function useOf(waiver: Waiver, states: readonly PromiseState[], nowMs: number): WaiverUse {
  const problems = states.flatMap((state) => state.problems).filter((problem) => covers(waiver, problem));
  if (nowMs >= endOf(waiver)) return { waiver, state: 'expired', refusal: undefined };
  if (problems.length === 0) return { waiver, state: 'unused', refusal: undefined };
  const refusals = problems.map(({ unwaivable }) => unwaivable[waiver.finding]);
  const [refusal] = refusals.filter((each) => each !== undefined);
  const isRefused = refusals.every((each) => each !== undefined);
  return { waiver, state: isRefused ? 'refused' : 'used', refusal };
}

function decisionOn(
  { promise, proofs, nextDue, problems, isAtRisk, notes }: PromiseState,
  uses: readonly WaiverUse[],
): PromiseDecision {
  const split = problems.map((problem) => ({ problem, by: waiversFor(problem, uses) }));
  const open = split.filter(({ by }) => by === undefined).map(({ problem }) => plain(problem));
  const waived = split.flatMap(({ problem, by = [] }) =>
    by.map(({ reason, owner, approver, expires }) => ({ problem: plain(problem), reason, owner, approver, expires })),
  );
  const refusals = uses
    .filter(({ waiver, refusal }) => waiver.contract === promise.contract && refusal !== undefined)
    .map(({ waiver, refusal }) => `The waiver for ${waiver.finding} does not count: ${refusal}.`);
  return {
    contract: promise.contract,
    kind: isPosture(promise) ? 'posture' : 'drill',
    priority: promise.priority,
    owner: promise.owner,
    file: promise.file,
    outcome: open.length > 0 ? 'blocked' : waived.length > 0 ? 'waived' : 'passed',
    isAtRisk,
    cadenceMs: promise.cadenceMs,
    nextDue,
    proofs: [...proofs],
    problems: open,
    waived,
    notes: [...notes, ...refusals],
  };
}

/** Returns the waivers that together cover every finding of a problem; undefined if a finding is not covered. */
function waiversFor(problem: FoundProblem, uses: readonly WaiverUse[]): readonly Waiver[] | undefined {
  if (problem.findings.length === 0) return undefined;
  const found = problem.findings.map((finding) => {
    if (problem.unwaivable[finding] !== undefined) return undefined;
    return uses.find(({ waiver, state }) => state === 'used' && waiver.finding === finding && covers(waiver, problem))
      ?.waiver;
  });
  return found.every((each) => each !== undefined) ? [...new Set(found)] : undefined;
}

function plain({ unwaivable: _, ...problem }: FoundProblem): GateProblem {
  return problem;
}

function stateFacts(waiver: Waiver, state: WaiverState['state'], nowMs: number): WaiverState {
  const { contract, disaster = null, finding, reason, owner, approver, expires } = waiver;
  const expiresInMs = endOf(waiver) - nowMs;
  const isEndingSoon = expiresInMs > 0 && expiresInMs <= ANNOUNCED_MS;
  return { contract, disaster, finding, reason, owner, approver, expires, state, expiresInMs, isEndingSoon };
}

/** Returns the name of a waiver for a sentence. */
export const waiverName = ({
  contract,
  disaster,
  finding,
}: Pick<WaiverState, 'contract' | 'finding'> & { readonly disaster?: string | null | undefined }): string =>
  `the waiver of ${finding} for ${contract}${disaster === undefined || disaster === null ? '' : ` › ${disaster}`}`;

function waiverProblems({ at, policy, isStrict = false }: GateInput, uses: readonly WaiverUse[]): GateProblem[] {
  const general = (
    kind: GateProblem['kind'],
    code: GateProblem['code'],
    { contract, disaster = null }: { readonly contract: string | null; readonly disaster?: string | null | undefined },
    sentence: string,
    nextStep: string,
  ): GateProblem => ({ kind, code, contract, disaster, findings: [], sentence, nextStep });
  const { longestMs, most } = policy.waivers;
  const capital = (text: string) => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;
  const expired = uses
    .filter(({ state }) => state === 'expired')
    .map(({ waiver }) =>
      general(
        'waiver-expired',
        2,
        waiver,
        `${capital(waiverName(waiver))} expired ${formatDuration(at.getTime() - endOf(waiver))} ago (its last day was ${waiver.expires}).`,
        `Ask ${waiver.owner} to fix the cause, or ${waiver.approver} to approve a new date; then delete or change it in the waiver file.`,
      ),
    );
  const unused = uses
    .filter(({ state }) => isStrict && state === 'unused')
    .map(({ waiver }) =>
      general(
        'waiver-unused',
        2,
        waiver,
        `${capital(waiverName(waiver))} covers nothing.`,
        'Delete it from the waiver file.',
      ),
    );
  const tooLong = uses
    .filter(({ waiver }) => isTooLong(waiver, policy.waivers, at.getTime()))
    .map(({ waiver }) =>
      general(
        'file-invalid',
        64,
        waiver,
        `${capital(waiverName(waiver))} expires on ${waiver.expires}; the policy allows ${formatDuration(longestMs ?? 0)} from today.`,
        'Choose an earlier day.',
      ),
    );
  const tooMany =
    most !== null && uses.length > most
      ? [
          general(
            'file-invalid',
            64,
            { contract: null },
            `There ${uses.length === 1 ? 'is 1 waiver' : `are ${uses.length} waivers`}; the policy allows ${most}.`,
            'Fix the causes of some of them.',
          ),
        ]
      : [];
  return [...expired, ...unused, ...tooLong, ...tooMany];
}

function ledgerProblems({ broken }: GateProofs): GateProblem[] {
  if (broken === null) return [];
  return [
    {
      kind: 'broken-ledger',
      code: 2,
      contract: null,
      disaster: null,
      findings: [],
      sentence: `The chain of the ledger is broken: ${broken.observed}. A result may have been removed or changed.`,
      nextStep: 'Run `npx dr-contracts verify`, which names what is wrong.',
    },
  ];
}

/** Returns problems for contracts outside the question. The question covers the checkout, and another commit may promise more. */
function notAskedProblems({ notAsked }: GateProofs, commit: string | null): GateProblem[] {
  if (notAsked.length === 0) return [];
  return [
    {
      kind: 'missing',
      code: 2,
      contract: null,
      disaster: null,
      findings: [],
      sentence: `Commit ${commit?.slice(0, 10)} promises ${inWords(notAsked)}. This checkout does not promise all of that, so the gate did not decide on the rest.`,
      nextStep: 'Check out that commit, and ask the gate there.',
    },
  ];
}

const notReadProblems = ({ mistakes = [] }: GateInput): GateProblem[] =>
  mistakes.map(({ contract, message }) => ({
    kind: 'not-read',
    code: 2,
    contract,
    disaster: null,
    findings: [],
    sentence: `A contract is not valid, so what it promises is not proved. ${message}`,
    nextStep: 'Correct the contract.',
  }));

const nothingPromised = (): GateProblem => ({
  kind: 'no-promise',
  code: 2,
  contract: null,
  disaster: null,
  findings: [],
  sentence: 'The project states no contract, so nothing is promised and nothing is proved.',
  nextStep: 'Write a contract: `npx dr-contracts init`.',
});

function ledgerNotes(proofs: GateProofs, input: GateInput): string[] {
  const { ignored, clock, withdrawn, entries, deviations } = proofs;
  const { asksAboutPast, at } = input;
  return [
    ...baseNotes(proofs, input),
    ...(entries === 0 ? ['The ledger is empty.'] : []),
    ...(asksAboutPast && ignored > 0 ? [`${ignored} entries after ${at.toISOString()} were ignored (--at).`] : []),
    ...(clock === null
      ? []
      : [
          `A clock went backwards: entry ${clock.sequence} is dated ${clock.at}, ${formatDuration(clock.byMs)} before an earlier entry. The order of the ledger counts, not the dates.`,
        ]),
    ...(withdrawn.length === 0
      ? []
      : [
          `The last run knew of ${inWords(withdrawn)}; the project no longer promises ${withdrawn.length === 1 ? 'it' : 'them'}.`,
        ]),
    ...deviations.filter(({ body }) => isOverdue(body, at.toISOString())).map(deviationText),
  ];
}

/** Returns notes on the base branch. Without a run of that branch, its promises are unknown. */
function baseNotes({ base: found }: GateProofs, { base }: GateInput): string[] {
  if (base === undefined || found === null || found.run !== null) return [];
  const { dirty, notSigned } = found.uncounted;
  const runs = (count: number, why: string) =>
    count === 0 ? [] : [`${count} ${count === 1 ? 'run does' : 'runs do'} not count, ${why}`];
  const why = [
    `the ledger holds no run of ${base.commits.length === 1 ? 'its last commit' : `its last ${base.commits.length} commits`} that counts`,
    ...runs(notSigned, 'because they lack a signature that the policy asks for'),
    ...runs(dirty, 'because the work tree was changed'),
  ].join('; ');
  const next = base.isShallow
    ? 'This checkout holds only a part of that branch: fetch all of it (`git fetch --unshallow`), or drill that branch.'
    : 'Drill that branch, with this ledger.';
  return [`It was not checked whether this change drops a promise of ${base.ref}: ${why}. ${next}`];
}
