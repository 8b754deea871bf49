import { formatDuration } from '../../model/units.ts';
import type { PromiseFacts } from '../entry.ts';
import type { GateProblem } from './decision.ts';
import type { JudgedFinding } from './judge-again.ts';
import type { GateRule } from './policy.ts';
import type { GateQuestion } from './question.ts';

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
