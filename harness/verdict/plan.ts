import { holderName, type Plan, type PlanHolder, type PlanLine, type PlanProof } from '../model/plan.ts';
import { suggestion } from '../model/suggestion.ts';
import { isKept } from '../model/verdict-names.ts';

/** What may hold a line now: every drill, check and test that somebody knows, and what each promises. */
export interface KnownHolders {
  /** By the holder's name; a digest of the promise, or null where a name is all there is. */
  readonly definitions: ReadonlyMap<string, string | null>;
}

export interface JudgedHolder {
  readonly holder: PlanHolder;
  readonly name: string;
  /** The newest on each target, by the name of the target. */
  readonly proofs: readonly PlanProof[];
  /** Why it does not hold the line; undefined when it does. */
  readonly problem: string | undefined;
}

export interface JudgedLine {
  readonly line: PlanLine;
  readonly holders: readonly JudgedHolder[];
  /** Why the line is not held, a sentence for each reason; empty when it is held. */
  readonly problems: readonly string[];
}

/**
 * What of a plan is held. A line is held when every holder of it was seen, and was met or at risk wherever it was seen last. What
 * promised something else then proves nothing now.
 */
export function judgePlan(plan: Plan, known: KnownHolders, proofs: readonly PlanProof[]): readonly JudgedLine[] {
  return plan.lines.map((line) => {
    const holders = line.heldBy.map((holder) => judgeHolder(holder, known, proofs));
    const problems = holders.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`]));
    return { line, holders, problems: holders.length === 0 ? [NOTHING] : problems };
  });
}

const NOTHING = 'nothing holds it: name a contract, a check or a test in `heldBy`';

function judgeHolder(holder: PlanHolder, { definitions }: KnownHolders, all: readonly PlanProof[]): JudgedHolder {
  const name = holderName(holder);
  const definition = definitions.get(name);
  if (definition === undefined) {
    const problem = `there is no such ${name.split(' ', 1).join('')}${suggestion(name, [...definitions.keys()])}`;
    return { holder, name, proofs: [], problem };
  }
  const ofHolder = all.filter((proof) => proof.holder === name);
  const today = ofHolder.filter((proof) => definition === null || proof.definition === definition);
  const newest = newestOnEach(today).filter(({ target }) => holder.on === undefined || target === holder.on);
  return { holder, name, proofs: newest, problem: problemOf(holder, newest, ofHolder.length > today.length) };
}

function problemOf({ on }: PlanHolder, newest: readonly PlanProof[], isOutdated: boolean): string | undefined {
  if (newest.length === 0) {
    const where = on === undefined ? '' : ` on ${on}`;
    return `no run at hand shows it${where}${isOutdated ? ' as it is promised now' : ''}`;
  }
  const notMet = newest.filter(({ verdict }) => !isKept(verdict));
  if (notMet.length === 0) return undefined;
  return notMet.map(({ verdict, target, why }) => `${verdict} on ${target}: ${why}`).join(' ');
}

function newestOnEach(proofs: readonly PlanProof[]): readonly PlanProof[] {
  const byTarget = new Map<string, PlanProof>();
  // Several tests may have one name: where one of them failed, the name did.
  const order = (proof: PlanProof) => Date.parse(proof.at) + (isKept(proof.verdict) ? 0 : 0.5);
  for (const proof of proofs.toSorted((one, other) => order(one) - order(other))) {
    byTarget.set(proof.target, proof);
  }
  return [...byTarget.values()].toSorted((one, other) => (one.target < other.target ? -1 : 1));
}
