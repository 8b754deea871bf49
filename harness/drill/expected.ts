import type { Disaster, Fingerprint, Identity, LostPlace, OpenAsset } from '../model/asset.ts';
import type { Contract } from '../model/contract.ts';
import type { DrillRecord, ExpectedProof, FindingName, PhaseName, PointName } from '../model/record.ts';
import type { DrillTuning } from './tuning.ts';

// Proof that a drill has to bring, written before the disaster. This file repeats the names and does not take them from the code that runs
// the stages. If that code loses a stage, the record lacks it and the judge reports it.

/** Returns the part of the proof that follows from the definitions alone. */
export function expectedOf(contract: Contract, disaster: Disaster): ExpectedProof {
  const { protectedBy } = contract;
  const copiedOn = disaster.losesBackups === true ? protectedBy.copiedOn : undefined;
  return {
    findings: findingsOf(contract, disaster),
    stages: stagesOf(contract),
    phases: phasesOf(contract, disaster),
    lanes: [],
    absence: [],
    identities: [],
    items: [],
    assurances: [],
    ...(copiedOn === undefined ? {} : { copiedOn: { ...copiedOn } }),
    ...(protectedBy.failBack === undefined
      ? {}
      : {
          failBack: {
            stages: [
              'writes before the fail-back',
              'return',
              'split-brain check',
              'rejoin',
              'second split-brain check',
              'fail-back',
              'verify the fail-back',
            ],
            writes: [],
            proofs: [],
          },
        }),
  };
}

/** Inputs that decide how much a drill has to prove. */
interface DrillToExpect {
  readonly contract: Contract;
  readonly disaster: string;
  readonly scale: number;
  readonly tuning: Pick<DrillTuning, 'replicaLooks'>;
}

/** Adds the proof that the opened and seeded asset announces, and the number of recovery points. */
export function expectOfAsset(
  record: DrillRecord,
  { contract, disaster, scale, tuning }: DrillToExpect,
  asset: OpenAsset,
): void {
  const { expected } = record;
  if (expected === undefined) return;
  expectOfOpened(record, expected, asset, tuning);
  const taken = whyOnlyOne(contract, asset, scale === 1) === undefined ? 2 : 1;
  expected.points = { taken, restores: 'newer' };
  if (taken === 1) return;
  const restores = pointsRestoredIn(contract, disaster);
  if (restores === 'older') expected.points.restores = restores;
  if (restores === 'both' && asset.clearing !== undefined) {
    expected.points.alsoRestores = 'older';
    const assurances = record.disaster.assures === undefined ? [] : ['assurances'];
    expected.stages.splice(expected.stages.indexOf('clean-up'), 0, ...STAGES_OF_OTHER_POINT, ...assurances);
  }
  const living = takesBackups(contract) ? ['asset after the second backup'] : [];
  const second = ['changes between the backups', 'second backup', ...living];
  expected.stages.splice(expected.stages.indexOf('writes after the backup'), 0, ...second);
}

/** Removes the second backup when the asset accepts no changes. Called before the disaster. */
export function expectNoSecondBackup(record: DrillRecord): void {
  const { expected } = record;
  if (expected === undefined) return;
  expectNoOtherRestore(record);
  expected.points = { taken: 1, restores: 'newer' };
  expected.stages = expected.stages.filter(
    (stage) => stage !== 'second backup' && stage !== 'asset after the second backup',
  );
}

/** Removes the second restore when the second backup has replaced the first. Called before the disaster. */
export function expectNoOtherRestore({ expected }: DrillRecord): void {
  if (expected === undefined) return;
  delete expected.points?.alsoRestores;
  expected.stages = expected.stages.filter((stage) => stage !== 'assurances' && !STAGES_OF_OTHER_POINT.includes(stage));
}

const STAGES_OF_OTHER_POINT = ['clearing', 'restore of the older point', 'verify the older point'];

/** Adds the lanes, reads and writes that the opened and seeded asset announces. */
function expectOfOpened(
  record: DrillRecord,
  expected: ExpectedProof,
  asset: OpenAsset,
  { replicaLooks }: Pick<DrillTuning, 'replicaLooks'>,
): void {
  const { absence, assurances = [] } = asset.expectedProof();
  expected.lanes = asset.lanes.map(({ name }) => name);
  expected.absence = [...absence];
  const { assures } = record.disaster;
  expected.assurances = assures === undefined ? [] : assurances.map(({ promise, what }) => ({ promise, what }));
  if (record.contract.schedule === 'mirror') expected.replicaLooks = replicaLooks;
  if (expected.failBack !== undefined && asset.lostPlace !== undefined)
    expectOfLostPlace(expected.failBack, asset.lostPlace);
}

function expectOfLostPlace(expected: NonNullable<ExpectedProof['failBack']>, lostPlace: LostPlace): void {
  const { writes, proofs } = lostPlace.expectedProof();
  const rounds = ['on its return', 'after it had rejoined'];
  expected.writes = rounds.flatMap((when) => writes.map((what) => ({ when, what })));
  expected.proofs = [...proofs];
}

/** Adds the content and identities before the disaster. The comparison must cover as many items, and the identities must be new. */
export function expectOfContent(record: DrillRecord, fingerprint: Fingerprint, identities: readonly Identity[]): void {
  const { expected } = record;
  if (expected === undefined) return;
  expected.items = fingerprint.kinds.map(({ kind, items }) => ({ kind, items }));
  expected.identities = identities.map(({ what, value, keptBy }) => ({
    what,
    value,
    ...(keptBy === undefined ? {} : { keptBy }),
  }));
}

function findingsOf({ rpoMs, freshness, protectedBy }: Contract, { assures = [] }: Disaster): FindingName[] {
  return [
    'destruction',
    ...assures,
    'content',
    ...(rpoMs === null ? [] : (['rpo', 'exposure'] as const)),
    ...(freshness === undefined ? [] : (['freshness'] as const)),
    'rto',
    ...(protectedBy.failBack === undefined ? [] : (['fail-back'] as const)),
  ];
}

function stagesOf({ protectedBy }: Contract): string[] {
  const isMirrored = protectedBy.schedule === 'mirror';
  return [
    'open',
    'seed',
    'fingerprint',
    'backup',
    ...(takesBackups({ protectedBy }) ? ['asset after the backup'] : []),
    'writes after the backup',
    ...(isMirrored ? ['lag of the replica'] : []),
    'disaster',
    'proof of destruction',
    ...(isMirrored ? ['what the replica holds'] : []),
    'provisioning',
    'restore',
    'service-check',
    'verify',
    'clean-up',
  ];
}

function phasesOf({ protectedBy }: Contract, { restoresIn }: Disaster): PhaseName[] {
  const always: readonly PhaseName[] = ['detection', 'decision', 'provisioning', 'restore', 'service-check'];
  const sync = restoresIn !== undefined && protectedBy.backupSync !== undefined ? (['backup-sync'] as const) : [];
  return [...new Set([...always, ...(protectedBy.phases ?? []), ...sync])];
}

/** Recovery points that a drill restores: one of the two, or the newer one and then the older one. */
type PointsRestored = PointName | 'both';

/**
 * Returns the recovery points that a drill restores. Among the disasters that take everything away, the first of `survives` restores the
 * older point, and the others the newer one. A single one restores both, one after the other. A disaster that leaves content behind
 * restores the newer one. The choice depends only on the contract: the same drill always restores the same points.
 */
export function pointsRestoredIn(
  { asset, survives }: Pick<Contract, 'asset' | 'survives'>,
  disaster: string,
): PointsRestored {
  const leaves = new Set(asset.disasters.flatMap((each) => (each.leavesContent === true ? [each.name] : [])));
  const [first, ...more] = survives.filter((name) => !leaves.has(name));
  if (first !== disaster) return 'newer';
  return more.length === 0 ? 'both' : 'older';
}

export const CANNOT_BE_CLEARED = 'this asset cannot be emptied for a second restore';

/** Returns true for a procedure that takes single backups, each of which can be restored. */
export const takesBackups = ({ protectedBy }: Pick<Contract, 'protectedBy'>): boolean =>
  typeof protectedBy.schedule !== 'string';

export const NOTHING_CHANGES = 'nothing of this asset can be changed between two backups';

/** Returns why a drill takes only one recovery point; undefined if it takes two. */
export function whyOnlyOne(
  contract: Pick<Contract, 'protectedBy'>,
  asset: Pick<OpenAsset, 'alter'>,
  isBaseSize: boolean,
): string | undefined {
  const { schedule, restoresEarlierMoments = false } = contract.protectedBy;
  if (schedule === 'continuous' && !restoresEarlierMoments) return 'every acknowledged write is its own recovery point';
  if (schedule === 'mirror') return 'a mirror is one recovery point, which goes on changing';
  if (asset.alter === undefined) return NOTHING_CHANGES;
  return isBaseSize ? undefined : 'two are taken at the smallest size of a series, and one at the others';
}
