import { holderName, type Plan, type PlanHolder, type PlanLine, type PlanProof } from '../model/plan.ts';
import { isKept } from '../model/record-parts.ts';
import { suggestion } from '../model/text.ts';

/** Holders that can hold a line now: every known drill, check and test, with its definition. */
export interface KnownHolders {
  /** Digest of the options and files of each holder, by its name; null if a file cannot be read. */
  readonly definitions: ReadonlyMap<string, string | null>;
}

export interface JudgedHolder {
  readonly holder: PlanHolder;
  readonly name: string;
  /** Newest proof on each target, by the name of the target. */
  readonly proofs: readonly PlanProof[];
  /** Newest proofs of an earlier definition on each target. They prove nothing now. */
  readonly outdated: readonly PlanProof[];
  /** Why the holder does not hold the line; undefined when it does. */
  readonly problem: string | undefined;
}

export interface JudgedLine {
  readonly line: PlanLine;
  readonly holders: readonly JudgedHolder[];
  /** Reasons why the line is not held, one sentence each; empty when it is held. */
  readonly problems: readonly string[];
}

/**
 * Judges the lines of a plan. A line is held when each of its holders has a proof, and its newest proof on every target is met or at risk.
 * A proof of another definition does not count.
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
    return { holder, name, proofs: [], outdated: [], problem };
  }
  const ofHolder = all.filter((proof) => proof.holder === name);
  const isOfNow = (proof: PlanProof) => definition !== null && proof.definition === definition;
  const isWanted = ({ target }: PlanProof) => holder.on === undefined || target === holder.on;
  const proofs = newestOnEach(ofHolder.filter(isOfNow)).filter(isWanted);
  const outdated = newestOnEach(ofHolder.filter((proof) => !isOfNow(proof))).filter(isWanted);
  const problem = definition === null ? UNREADABLE : problemOf(holder, proofs, outdated);
  return { holder, name, proofs, outdated, problem };
}

const UNREADABLE =
  'one of its files cannot be read, so it is unknown what would prove it; correct the path, or the file';

function problemOf(
  { on }: PlanHolder,
  newest: readonly PlanProof[],
  outdated: readonly PlanProof[],
): string | undefined {
  if (newest.length === 0) {
    const where = on === undefined ? '' : ` on ${on}`;
    const [last] = outdated.toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at));
    if (last === undefined) return `no run at hand shows it${where}`;
    const seen = `it was last seen on ${last.target} at ${last.at}`;
    return last.definition === null
      ? `${seen}, but the record does not say how it was defined then: run it again`
      : `${seen}, but its options, or files behind it, have changed since: run it again`;
  }
  const notMet = newest.filter(({ verdict }) => !isKept(verdict));
  if (notMet.length === 0) return undefined;
  return notMet.map(({ verdict, target, why }) => `${verdict} on ${target}: ${why.replace(/\.+$/, '')}`).join('; ');
}

function newestOnEach(proofs: readonly PlanProof[]): readonly PlanProof[] {
  const byTarget = new Map<string, PlanProof>();
  // Several tests may share a name. If one of them failed, the name counts as failed.
  const order = (proof: PlanProof) => Date.parse(proof.at) + (isKept(proof.verdict) ? 0 : 0.5);
  for (const proof of proofs.toSorted((one, other) => order(one) - order(other))) {
    byTarget.set(proof.target, proof);
  }
  return [...byTarget.values()].toSorted((one, other) => (one.target < other.target ? -1 : 1));
}
