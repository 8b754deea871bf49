import { formatDuration } from '../../model/units.ts';
import type { PromiseFacts } from '../entry.ts';
import type { BaseCommits } from './base-runs.ts';
import type { GateProblem } from './decision.ts';
import type { JudgedFinding } from './judge-again.ts';
import type { GatePolicy, GateRule } from './policy.ts';

/** The question to a gate, as plain data. The answer depends only on this, the waivers and the ledger. */
export interface GateQuestion {
  readonly policy: GatePolicy;
  /** The current promises of the project, with the digests of their files. */
  readonly promises: readonly PromiseFacts[];
  /** The time of the question. */
  readonly at: Date;
  /** True if `at` is deliberately in the past. Later entries are then ignored. */
  readonly asksAboutPast: boolean;
  /** The commit to promote; null if it is unknown. */
  readonly commit: string | null;
  /**
   * How `promises` and their digests relate to that commit. `at-commit`: they were read from it. `changed`: from a work tree that began
   * there and was changed. `elsewhere`: from another commit; then only a proof of the commit itself counts.
   */
  readonly workTree: 'at-commit' | 'changed' | 'elsewhere';
  /** The base branch, if a pipeline names one: a change must not drop its promises. */
  readonly base?: BaseCommits | undefined;
  /** Files behind the promises that are not in the work tree as the commit has them, or that git does not track. */
  readonly uncommitted?: readonly string[];
  /** Identities of additional trusted keys, from the command line. A policy without keys then requires one of these. */
  readonly keyIds: readonly string[];
}

/** Returns whether the contract is a posture contract: its checks need no drill, so it names no disaster. */
export const isPosture = ({ disasters }: Pick<PromiseFacts, 'disasters'>): boolean => disasters.length === 0;

/** The disasters of a promise; `[null]` for a posture contract, which is one promise by itself. */
export const disastersOf = (promise: Pick<PromiseFacts, 'disasters'>): readonly (string | null)[] =>
  isPosture(promise) ? [null] : promise.disasters;

/** Returns the rule for a promise; undefined if the policy excludes it. */
export function ruleFor(policy: GatePolicy, promise: PromiseFacts): GateRule | undefined {
  if (isPosture(promise)) return policy.posture ?? undefined;
  const known = policy.priorities[promise.priority];
  if (known !== undefined) return known;
  // A priority that this version does not know is held to the strictest rule.
  return policy.priorities['P0'];
}

/** Returns the keys of which one must have signed a proof of that promise; empty if no signature is required. */
export function keysFor({ policy, keyIds }: GateQuestion, promise: PromiseFacts): readonly string[] {
  return [...(ruleFor(policy, promise)?.signedBy ?? []), ...keyIds];
}

/**
 * Returns the keys of which one must have signed the statements of a run about the whole project; empty if no rule requires a signature.
 */
export const keysInPolicy = ({ policy: { priorities, posture }, keyIds }: GateQuestion): readonly string[] => [
  ...Object.values(priorities).flatMap(({ signedBy }) => signedBy),
  ...(posture?.signedBy ?? []),
  ...keyIds,
];

/** Returns whether the policy requires a sign-off of any promise. */
export const asksForSignOff = ({ policy, promises }: GateQuestion): boolean =>
  promises.some((promise) => (ruleFor(policy, promise)?.signOff ?? null) !== null);

/** Returns the rank of a target in the policy; -1 if it is not listed. */
export const rankOf = ({ targets }: GatePolicy, target: string): number => targets.indexOf(target);

// The subject of a decision, and the wording of its problems.

/** A problem with the data that waivers need. */
export interface FoundProblem extends GateProblem {
  /** Maps a finding to the reason why it cannot be waived. */
  readonly unwaivable: Readonly<Record<string, string>>;
}

/** One disaster of a promise, or a posture contract, on its way to a decision. */
export interface Subject {
  readonly promise: PromiseFacts;
  readonly disaster: string | null;
  readonly rule: GateRule;
  readonly question: GateQuestion;
}

/** Returns the label of a problem for texts that do not name its contract otherwise. */
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

/** Returns the age of the proof as text. */
export const age = ({ question }: Subject, { provedAtMs }: { readonly provedAtMs: number }): string =>
  formatDuration(Math.max(0, question.at.getTime() - provedAtMs));
