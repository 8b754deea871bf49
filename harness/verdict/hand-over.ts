import type { PlatformPart, PostureCheckRecord, PostureRecord, PostureVerdict } from '../model/posture.ts';
import type { DrillRecord } from '../model/record.ts';
import { isKept } from '../model/record-parts.ts';
import type { HandOver, RunRecord } from '../model/run-record.ts';
import { worst } from './posture.ts';

type Part = HandOver['buckets'][number];
type Blocked = HandOver['blocked'][number];

interface MadeCheck {
  readonly what: string;
  readonly owner: string;
  readonly check: PostureCheckRecord;
}

/** Returns the hand-over of a run to the next phase, computed from its records alone. An unproven promise is blocked, never passed. */
export function handOverOf({
  drills,
  postures = [],
  leftOut = [],
  mistakes = [],
  failure,
}: Pick<RunRecord, 'drills' | 'postures' | 'leftOut' | 'mistakes' | 'failure'>): HandOver {
  const checks = postures.flatMap((posture) => checksOf(posture));
  const parts = (kind: PlatformPart['kind']) => partsOf(kind, checks);
  const proofs = [...checks.map(proofOfCheck), ...drills.map(proofOfDrill)];
  return {
    buckets: parts('bucket'),
    cronJobs: parts('cron-job'),
    veleroObjects: parts('velero-object'),
    runbooks: parts('runbook'),
    passed: proofs.filter(hasPassed).map(({ what, verdict, owner }) => ({ what, verdict, owner })),
    blocked: [
      ...proofs.filter((proof) => !hasPassed(proof)),
      ...leftOut.map(({ contract, lacking, reason }) =>
        unproved(
          contract,
          `it was not run: the target lacks ${lacking.join(' and ')}${reason === undefined ? '' : ` (${reason})`}`,
        ),
      ),
      ...mistakes.map(({ contract, file, message }) => unproved(contract ?? file, message)),
      ...(failure === undefined
        ? []
        : [unproved('the run', `it did not come to its end: ${failure.messages.join('; ')}`)]),
    ],
  };
}

const hasPassed = ({ verdict }: { readonly verdict: PostureVerdict }): boolean => isKept(verdict);

const checksOf = ({ contract, checks }: PostureRecord): readonly MadeCheck[] =>
  checks.map((check) => ({ what: `${contract.name}/${check.name}`, owner: contract.owner, check }));

function proofOfCheck({ what, owner, check }: MadeCheck): Blocked & { readonly owner: string } {
  const { verdict, sentence, halts, nextStep } = check;
  return {
    what,
    verdict,
    owner: check.owner ?? owner,
    why: sentence,
    ...(halts === undefined ? {} : { halts }),
    ...(nextStep === undefined ? {} : { nextStep }),
  };
}

function proofOfDrill({ contract, disaster, judgement }: DrillRecord): Blocked & { readonly owner: string } {
  return {
    what: `${contract.name}/${disaster.name}`,
    verdict: judgement?.verdict ?? 'unproven',
    owner: contract.owner,
    why: judgement?.sentence ?? 'it was not judged',
  };
}

const unproved = (what: string, why: string): Blocked => ({ what, verdict: 'unproven', owner: null, why });

/** Returns every part of this kind, by name, with its checks. */
function partsOf(kind: PlatformPart['kind'], checks: readonly MadeCheck[]): Part[] {
  const byName = new Map<string, MadeCheck[]>();
  for (const made of checks) {
    for (const part of aboutOf(made.check)) {
      if (part.kind === kind) byName.set(part.name, [...(byName.get(part.name) ?? []), made]);
    }
  }
  return [...byName]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, looking]) => ({
      name,
      verdict: worst(looking.map(({ check }) => check.verdict)),
      checks: looking.map(({ what }) => what),
    }));
}

/** Returns the declared parts of a check, and the storage location of a Velero Schedule that it found. */
function aboutOf({ about = [], observation }: PostureCheckRecord): readonly PlatformPart[] {
  const location = observation?.kind === 'schedule' ? observation.found?.storageLocation : undefined;
  if (location === undefined) return about;
  return [...about, { kind: 'velero-object', name: `BackupStorageLocation ${location}` }];
}
