import { formatDuration } from '../../model/units.ts';
import type { PromiseFacts } from '../entry.ts';
import type { BaseCommits } from './base-runs.ts';
import type { GateProblem } from './decision.ts';
import type { JudgedFinding } from './judge-again.ts';
import type { GatePolicy, GateRule } from './policy.ts';

/** What a gate is asked. Plain data: the answer depends on this, the waivers and the ledger alone. */
export interface GateQuestion {
  readonly policy: GatePolicy;
  /** What the project promises now, with the digests of the files behind it. */
  readonly promises: readonly PromiseFacts[];
  /** When the question is asked. */
  readonly at: Date;
  /** True where `at` lies in the past on purpose: what was appended later is not looked at. */
  readonly asksAboutPast: boolean;
  /** The commit that is to be promoted; null where nobody knows. */
  readonly commit: string | null;
  /**
   * How `promises` and their digests relate to that commit. `at-commit`: they were read from it. `changed`: from a work tree that began
   * there and was changed. `elsewhere`: from another commit, so that only a proof of the commit itself counts.
   */
  readonly workTree: 'at-commit' | 'changed' | 'elsewhere';
  /** The base branch, where a pipeline names one: a change must not drop what was promised there. */
  readonly base?: BaseCommits | undefined;
  /** Files behind the promises that are not in the work tree as the commit has them, or that git does not track. */
  readonly uncommitted?: readonly string[];
  /** Identities of further keys that are trusted, from the command line. A policy that asks for none then asks for one of these. */
  readonly keyIds: readonly string[];
}

/** A posture contract checks what needs no drill; it names no disaster. */
export const isPosture = ({ disasters }: Pick<PromiseFacts, 'disasters'>): boolean => disasters.length === 0;

/** The disasters of a promise; `[null]` for a posture contract, which is one promise by itself. */
export const disastersOf = (promise: Pick<PromiseFacts, 'disasters'>): readonly (string | null)[] =>
  isPosture(promise) ? [null] : promise.disasters;

/** The rule for a promise; undefined where the policy leaves it out. */
export function ruleFor(policy: GatePolicy, promise: PromiseFacts): GateRule | undefined {
  if (isPosture(promise)) return policy.posture ?? undefined;
  const known = policy.priorities[promise.priority];
  if (known !== undefined) return known;
  // A priority that this version does not know is held to the strictest rule.
  return policy.priorities['P0'];
}

/** Keys of which one must have signed a proof of that promise; empty where no signature is asked for. */
export function keysFor({ policy, keyIds }: GateQuestion, promise: PromiseFacts): readonly string[] {
  return [...(ruleFor(policy, promise)?.signedBy ?? []), ...keyIds];
}

/** Keys of which one must have signed what a run says of the whole project; empty where no rule of the policy asks for a signature. */
export const keysInPolicy = ({ policy: { priorities, posture }, keyIds }: GateQuestion): readonly string[] => [
  ...Object.values(priorities).flatMap(({ signedBy }) => signedBy),
  ...(posture?.signedBy ?? []),
  ...keyIds,
];

/** True where a sign-off is asked for of any promise. */
export const asksForSignOff = ({ policy, promises }: GateQuestion): boolean =>
  promises.some((promise) => (ruleFor(policy, promise)?.signOff ?? null) !== null);

/** Where a target stands in the policy: -1 for one that it does not list. */
export const rankOf = ({ targets }: GatePolicy, target: string): number => targets.indexOf(target);

// What a decision is about, and how a problem with it is told.

/** A problem with what a waiver needs to know of it. */
export interface FoundProblem extends GateProblem {
  /** By finding, why it cannot be waived. */
  readonly unwaivable: Readonly<Record<string, string>>;
}

/** One disaster of a promise, or a posture contract, on its way to a decision. */
export interface Subject {
  readonly promise: PromiseFacts;
  readonly disaster: string | null;
  readonly rule: GateRule;
  readonly question: GateQuestion;
}

/** How a problem is labelled where its contract is not known from the context. */
export const labelOf = ({ promise, disaster }: Pick<Subject, 'promise' | 'disaster'>): string =>
  disaster === null ? promise.contract : `${promise.contract} › ${disaster}`;

export function problem(
  { promise, disaster }: Subject,
  kind: GateProblem['kind'],
  code: GateProblem['code'],
  sentence: string,
  nextStep: string,
  findings: readonly JudgedFinding[] | readonly string[] = [],
): FoundProblem {
  const halting = findings.find((each) => typeof each !== 'string' && each.halts !== undefined);
  const halts = typeof halting === 'object' ? halting.halts : undefined;
  const named = findings.map((each) => (typeof each === 'string' ? { name: each, unwaivable: undefined } : each));
  return {
    kind,
    code,
    contract: promise.contract,
    disaster,
    findings: named.map(({ name }) => name),
    sentence,
    nextStep: typeof halting === 'object' ? `${halting.nextStep} ${nextStep}` : nextStep,
    ...(halts === undefined ? {} : { halts, owner: promise.owner }),
    unwaivable: Object.fromEntries(
      named.flatMap(({ name, unwaivable }) => (unwaivable === undefined ? [] : [[name, unwaivable]])),
    ),
  };
}

export function drillCommand({ promise, rule }: Subject): string {
  const target = rule.target === null ? '' : ` --target ${rule.target}`;
  return `npx dr-contracts drill --contract ${promise.contract}${target}`;
}

export const drillAgain = (subject: Subject): string => `Run \`${drillCommand(subject)}\`.`;

export const commitText = (commit: string | null): string =>
  commit === null ? 'an unknown commit' : `commit ${commit.slice(0, 10)}`;

/** How long ago it was proved. */
export const age = ({ question }: Subject, { provedAtMs }: { readonly provedAtMs: number }): string =>
  formatDuration(Math.max(0, question.at.getTime() - provedAtMs));
