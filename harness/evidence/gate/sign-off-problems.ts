import { formatDuration } from '../../model/units.ts';
import { CLOCK_SKEW_MS } from '../entry.ts';
import type { SignOffFacts } from './decision.ts';
import type { Proof } from './kept-proofs.ts';
import { age, type FoundProblem, problem, type Subject } from './subject.ts';

/** What the policy asks for and the sign-off of a promise is not. A sign-off covers what was reviewed, and no later drill. */
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
      `Somebody with a key of \`signOff.signedBy\` reviews the last drills: \`npx dr-contracts sign-off --contract ${promise.contract}\`.`,
      ['sign-off'],
    ),
  ];
  if (signOff === null) {
    return found(
      `Nobody has signed it off; the policy asks for that every ${formatDuration(maxAgeMs)}, with a key that it names.`,
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
      `The sign-off by ${who} is of another entry ${proof.sequence} than the one that the ledger holds: the digests differ.`,
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
