import type { Cause } from '../../model/causes.ts';
import type { Comparison } from '../../model/comparison.ts';
import type { PostureDifference, UndecidedItem } from '../../model/posture.ts';

/** The steps of a rehearsal, in order. */
export const rehearsalStepKinds = [
  'backup-before',
  'wrong-secret',
  'rotation',
  'backup-after',
  'read-after',
  'read-before',
  'old-key',
  'keys-left',
  'kept',
] as const;
export type RehearsalStepKind = (typeof rehearsalStepKinds)[number];

export interface RehearsedStep {
  readonly kind: RehearsalStepKind;
  /** What was seen instead of what was expected; undefined where all was as expected. */
  readonly seen?: string | undefined;
  /** How many objects of a recovery point were written, or read byte for byte. */
  readonly objects?: number | undefined;
}

interface Expectation {
  readonly item: string;
  readonly expected: string;
  readonly nextStep: string;
  readonly cause: Cause;
}

const EXPECTATIONS: Readonly<Record<RehearsalStepKind, Expectation>> = {
  'backup-before': {
    item: 'a backup with the old key, before the rotation',
    expected: 'a recovery point below its prefix',
    nextStep: 'Correct the backup or what its user may do: nothing can be rehearsed without it.',
    cause: 'backup-failed',
  },
  'wrong-secret': {
    item: 'requests with a wrong secret',
    expected: 'each to be refused',
    nextStep: 'Find out what accepts them: a refusal proves nothing there.',
    cause: 'policy-allows-too-much',
  },
  rotation: {
    item: 'the rotation',
    expected: 'a new key',
    nextStep: 'Correct what rotates the key.',
    cause: 'rotation-failed',
  },
  'backup-after': {
    item: 'a backup with the new key',
    expected: 'a recovery point below its prefix',
    nextStep: 'Give the user of the new key what the old one had.',
    cause: 'rotation-failed',
  },
  'read-after': {
    item: 'the new recovery point, read with the new key',
    expected: 'the same bytes as were written',
    nextStep: 'Find out what the backup wrote, and whether the new key may read it.',
    cause: 'rotation-failed',
  },
  'read-before': {
    item: 'the recovery point from before the rotation, read with the new key',
    expected: 'the same bytes as before',
    nextStep: 'Let the new key read what the old one wrote: without that, a rotation loses every older backup.',
    cause: 'rotation-failed',
  },
  'old-key': {
    item: 'the old key, after the rotation',
    expected: 'reading, writing and listing to be refused',
    nextStep: 'Disable and delete the old key in the same procedure, once the new one was seen to work.',
    cause: 'old-credential-accepted',
  },
  'keys-left': {
    item: 'keys of the user, after the rotation',
    expected: 'the new one and no other',
    nextStep: 'Delete the others in the same procedure.',
    cause: 'old-credential-accepted',
  },
  kept: {
    item: 'the recovery point from before the rotation, in the end',
    expected: 'to lie there unchanged',
    nextStep: 'Find out what changed it.',
    cause: 'rotation-failed',
  },
};

/** What a rehearsal showed, step by step. Steps that were not reached are undecided. */
export function compareRehearsal(steps: readonly RehearsedStep[]): Comparison {
  const differences: PostureDifference[] = steps.flatMap(({ kind, seen }) =>
    seen === undefined ? [] : [{ ...EXPECTATIONS[kind], found: seen }],
  );
  const reached = new Map(steps.map((step) => [step.kind, step]));
  const undecided: UndecidedItem[] = rehearsalStepKinds
    .filter((kind) => !reached.has(kind))
    .map((kind) => ({ item: EXPECTATIONS[kind].item, reason: 'it was not reached', cause: 'not-looked-at' }));
  return {
    of: 'steps of the rotation',
    compared: steps.length,
    differences,
    undecided,
    evidence: Object.fromEntries(steps.map((step) => [EXPECTATIONS[step.kind].item, inWords(step)])),
  };
}

const inWords = ({ kind, seen, objects }: RehearsedStep): string => {
  if (seen !== undefined) return seen;
  return objects === undefined ? `as expected: ${EXPECTATIONS[kind].expected}` : `${objects} objects, as expected`;
};
