import type { Cause } from '../../model/causes.ts';
import type { Comparison } from '../../model/comparison.ts';
import type { PostureDifference, UndecidedItem } from '../../model/posture.ts';
import { formatDuration } from '../../model/units.ts';

/** The steps of a rehearsal, in order. */
const rehearsalStepKinds = [
  'backup-before',
  'wrong-secret',
  'rotation',
  'requests-during',
  'backups-during',
  'secret-shown',
  'backup-after',
  'read-after',
  'read-before',
  'old-key',
  'keys-left',
  'kept',
  'rights-added',
  'rights-lost',
] as const;
export type RehearsalStepKind = (typeof rehearsalStepKinds)[number];

export interface RehearsedStep {
  readonly kind: RehearsalStepKind;
  /** Observation that differs from the expectation; undefined if all was as expected. */
  readonly seen?: string | undefined;
  /** Why there is no observation, such as a service that does not answer. */
  readonly undecided?: string | undefined;
  /** Number of objects of a recovery point that were written, or read byte for byte. */
  readonly objects?: number | undefined;
  /** Evidence of the step, where all was as expected. */
  readonly note?: string | undefined;
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
  'requests-during': {
    item: 'requests of backups and restores during the rotation, with the key that is stored at that moment',
    expected: 'to be accepted all the time',
    nextStep:
      'Make the new key, check that it works, and put it where it is read. End the old one only then. If a pause is intended, declare it: `pauseWithin`.',
    cause: 'rotation-gap',
  },
  'backups-during': {
    item: 'backups that run during the rotation',
    expected:
      'each to leave a recovery point, at the latest when it is started again with the key that is stored by then',
    nextStep: 'Put the new key into use before the old one ends. If a pause is intended, declare it: `pauseWithin`.',
    cause: 'rotation-gap',
  },
  'secret-shown': {
    item: 'what the rotation prints',
    expected: 'no secret',
    nextStep: 'Keep the secret out of what it prints: logs are read by more people than the key is for.',
    cause: 'credential-shown',
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
    expected: 'reading, writing and listing to be refused, and no user to have it',
    nextStep: 'Disable and delete the old key in the same procedure, after a check that the new one works.',
    cause: 'old-credential-accepted',
  },
  'keys-left': {
    item: 'keys that are accepted after the rotation',
    expected: 'the new one and no other',
    nextStep: 'Delete the others in the same procedure.',
    cause: 'old-credential-accepted',
  },
  kept: {
    item: 'the recovery point from before the rotation, in the end',
    expected: 'to lie there unchanged, for as long as before',
    nextStep: 'Find out what changed it, and take that out of the rotation.',
    cause: 'rotation-failed',
  },
  'rights-added': {
    item: 'rights that only the new key has',
    expected: 'none',
    nextStep: 'Give the new key the policy of the old one, and nothing else.',
    cause: 'policy-allows-too-much',
  },
  'rights-lost': {
    item: 'rights that only the old key had',
    expected: 'none',
    nextStep: 'Give the new key the whole policy of the old one; narrow it in a change of its own.',
    cause: 'policy-lacks-permission',
  },
};

/**
 * Compares the steps of a rehearsal with the promise. Steps that were not reached are undecided.
 * @param pauseMs documented time in which nothing has to work; 0 if the platform documents none.
 */
export function compareRehearsal(steps: readonly RehearsedStep[], pauseMs = 0): Comparison {
  const expectationOf = (kind: RehearsalStepKind): Expectation => {
    const { expected, ...rest } = EXPECTATIONS[kind];
    const isPaused = kind === 'requests-during' && pauseMs > 0;
    return {
      ...rest,
      expected: isPaused ? `to be accepted, except during a pause of at most ${formatDuration(pauseMs)}` : expected,
    };
  };
  const differences: PostureDifference[] = steps.flatMap(({ kind, seen }) =>
    seen === undefined ? [] : [{ ...expectationOf(kind), found: seen }],
  );
  const reached = new Set(steps.map(({ kind }) => kind));
  const undecided: UndecidedItem[] = [
    ...steps.flatMap(({ kind, undecided: reason }): readonly UndecidedItem[] =>
      reason === undefined ? [] : [{ item: EXPECTATIONS[kind].item, reason, cause: 'not-decided' }],
    ),
    ...rehearsalStepKinds
      .filter((kind) => !reached.has(kind))
      .map((kind) => ({ item: EXPECTATIONS[kind].item, reason: 'it was not reached', cause: 'not-looked-at' })),
  ];
  return {
    of: 'steps of the rotation',
    compared: steps.length,
    differences,
    undecided,
    evidence: Object.fromEntries(steps.map((step) => [EXPECTATIONS[step.kind].item, inWords(step)])),
  };
}

const inWords = ({ kind, seen, undecided, objects, note }: RehearsedStep): string => {
  if (seen !== undefined || undecided !== undefined) return seen ?? `not decided: ${undecided}`;
  if (note !== undefined) return `as expected: ${note}`;
  return objects === undefined ? `as expected: ${EXPECTATIONS[kind].expected}` : `${objects} objects, as expected`;
};
