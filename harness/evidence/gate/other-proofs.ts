import { isKept } from '../../model/record-parts.ts';
import { formatDuration } from '../../model/units.ts';
import { inWords } from '../../reporting/text.ts';
import { CLOCK_SKEW_MS } from '../entry.ts';
import type { SignOffFacts } from './decision.ts';
import type { DisasterProofs, OtherVersion, Proof, StrangerProof } from './kept-proofs.ts';
import {
  age,
  commitText,
  drillAgain,
  drillCommand,
  type FoundProblem,
  keysFor,
  labelOf,
  problem,
  type Subject,
} from './question.ts';
import { UNWAIVABLE_CHANGE } from './waivers.ts';

// Proofs that do not count: those by an untrusted key, and those of other files.

/** Returns problems for uncommitted files: the drill proves the work tree, but the commit is promoted. */
export function uncommittedProblems(subject: Subject): FoundProblem[] {
  const { rule, question, promise } = subject;
  const here = new Set(question.uncommitted ?? []);
  const paths = promise.inputs.map(({ path }) => path).filter((path) => here.has(path));
  if (paths.length === 0 || rule.provedAt === 'any') return [];
  const sentence = `${filesInWords(paths)} in this checkout ${paths.length === 1 ? 'differs' : 'differ'} from ${commitText(question.commit)}, so it is not known what that commit proves.`;
  const next = `Commit the change and drill it, or revert it: \`git status\` shows it.`;
  return [
    {
      ...problem(subject, 'changed', 2, sentence, next, ['changed']),
      unwaivable: { changed: UNWAIVABLE_CHANGE.uncommitted },
    },
  ];
}

/**
 * Returns the problem that the last proof is of other files.
 * @param isGood whether that proof satisfies the rest of the policy: only then may a waiver accept the change.
 */
export function otherFiles(subject: Subject, other: OtherVersion<unknown>, isGood: boolean): FoundProblem {
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
  return isGood ? found : { ...found, unwaivable: { changed: UNWAIVABLE_CHANGE.notMet } };
}

function filesInWords(paths: readonly string[]): string {
  const shown = paths.slice(0, 2);
  return paths.length <= 2 ? inWords(shown) : `${shown.join(', ')} and ${paths.length - 2} more`;
}

export function unsignedOrStranger(subject: Subject, { keyId, provedAtMs, recorded }: StrangerProof): FoundProblem {
  const last = `The last proof (${age(subject, { provedAtMs })} ago, ${recorded}) is`;
  const asked = keysFor(subject.question, subject.promise).map((key) => key.slice(0, 12));
  const wanted = `the policy asks for ${asked.length === 1 ? `key ${asked[0]}` : `one of the keys ${asked.join(', ')}`}`;
  const next = `Drill where that key is available: \`${drillCommand(subject)}\`.`;
  if (keyId === null) return problem(subject, 'unsigned', 2, `${last} not signed; ${wanted}.`, next);
  return problem(subject, 'stranger', 2, `${last} signed by a stranger, key ${keyId.slice(0, 12)}; ${wanted}.`, next);
}

export function strangerProblems(
  subject: Subject,
  stranger: StrangerProof | null,
  chosen: Proof<unknown>,
): FoundProblem[] {
  // A writer without the key appended after the proof. That entry is no proof, but it needs a check.
  return stranger !== null && stranger.sequence > chosen.sequence ? [unsignedOrStranger(subject, stranger)] : [];
}

/** Returns notes on later drills of other files. They prove nothing about these files, but a failed one needs a check. */
export function laterNotes(
  subject: Subject,
  others: DisasterProofs<unknown>['otherVersions'],
  chosen: Proof<unknown>,
): string[] {
  const [last] = [...others.values()].toSorted((a, b) => b.sequence - a.sequence);
  if (last === undefined || last.sequence < chosen.sequence || isKept(last.recorded)) return [];
  return [
    `${labelOf(subject)}: a later drill of other files was ${last.recorded} (entry ${last.sequence}, ${commitText(last.commit)}).`,
  ];
}

/**
 * Returns the requirements of the policy that the sign-off of a promise misses. A sign-off covers the reviewed entries, and no later drill.
 */
export function signOffProblems(
  subject: Subject,
  proof: Proof<unknown>,
  signOff: SignOffFacts | null,
): readonly FoundProblem[] {
  const { rule, question, promise } = subject;
  if (rule.signOff === null) return [];
  const { maxAgeMs } = rule.signOff;
  const found = (sentence: string) => [
    problem(
      subject,
      'sign-off',
      2,
      sentence,
      `Let the owner of a key in \`signOff.signedBy\` review the last drills: \`npx dr-contracts sign-off --contract ${promise.contract}\`.`,
      ['sign-off'],
    ),
  ];
  if (signOff === null) {
    return found(
      `It is not signed off; the policy asks for a sign-off every ${formatDuration(maxAgeMs)}, with a key that it names.`,
    );
  }
  const { reviewer, role, outcome, comment, at, keyId, reviewed } = signOff;
  const ageMs = question.at.getTime() - Date.parse(at);
  const who = `${reviewer}${role === null ? '' : ` (${role})`}`;
  if (reviewed.sequence < proof.sequence) {
    return found(
      `The proof in entry ${proof.sequence} (${age(subject, proof)} ago) is not signed off: the last review, by ${who}, is of entry ${reviewed.sequence}.`,
    );
  }
  if (reviewed.sequence === proof.sequence && reviewed.digest !== null && reviewed.digest !== proof.digest) {
    return found(
      `The sign-off by ${who} names entry ${proof.sequence}, but its digest differs from that of the entry in the ledger.`,
    );
  }
  if (ageMs < -CLOCK_SKEW_MS) {
    return found(
      `The sign-off by ${who} is dated ${at}, ${formatDuration(-ageMs)} in the future, so its age is not known.`,
    );
  }
  const ago = formatDuration(Math.max(0, ageMs));
  if (outcome === 'rejected') return found(`Rejected by ${who} ${ago} ago: ${comment}`);
  if (proof.keyId === keyId) {
    return found(
      `The sign-off by ${who} is signed with the key that signed the proof; the policy asks for another one.`,
    );
  }
  if (ageMs <= maxAgeMs) return [];
  return found(`The last sign-off, by ${who}, is ${ago} old, and the policy allows ${formatDuration(maxAgeMs)}.`);
}
