import { ExplainedError } from '../../model/errors.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { storedVeleroBackups } from '../../systems/s3/bucket-reads.ts';
import { s3Store } from '../../systems/s3/service.ts';
import type { StoredPoint } from '../../systems/s3/stored-points.ts';
import { listVeleroBackups } from '../../systems/velero/posture/objects.ts';
import {
  findStorageLocation,
  findVeleroSchedule,
  type LiveVeleroSchedule,
  type StorageLocation,
} from '../../systems/velero/posture/schedules.ts';
import { parseGoDurationMs, veleroTtl } from '../../systems/velero/ttl.ts';
import { estimateListings, estimatePoints } from './estimate.ts';
import { countAsItLies, firstReason, madeOr } from './read-prefix.ts';
import {
  type CostReading,
  growthOf,
  type LiveBucket,
  liveBucket,
  type PlannedPoints,
  rulesAtUpload,
} from './reading.ts';
import { sizesOf } from './sizes.ts';

const MINUTE_MS = 60_000;
/**
 * Velero checks once a minute which locations are due for listing, and every ten seconds which are due for validation (velero
 * pkg/controller).
 */
const SYNC_EVERY_MS = MINUTE_MS;
const VALIDATE_EVERY_MS = 10_000;
/** Part size of Velero's AWS plugin, which keeps the SDK's default. */
const PART_BYTES = 5 * 1_024 ** 2;

interface Kept {
  readonly name: string;
  readonly schedule: LiveVeleroSchedule;
  /** Start of each completed backup, by name. */
  readonly began: ReadonlyMap<string, number>;
}

/** Counts the backups of those Schedules, and the other objects in their locations. */
export async function countVelero(names: readonly string[], reading: CostReading): Promise<readonly PlannedPoints[]> {
  const { target, step } = reading.context;
  const { kubeconfigPath, veleroNamespace: namespace } = await target.place(sharedKubernetes);
  const byLocation = new Map<string, Kept[]>();
  for (const name of names) {
    const schedule = await findVeleroSchedule(kubeconfigPath, { namespace, name }, step.signal);
    if (schedule === null) {
      reading.lines.undecide(
        `Velero Schedule ${name}`,
        'it does not exist, so it is unknown how often a backup is made; apply it, or correct its name in the contract',
      );
      continue;
    }
    const backups = await listVeleroBackups(kubeconfigPath, { namespace, schedule: name }, step.signal);
    const completed = backups.filter(({ outcome }) => outcome === 'succeeded');
    const began = new Map(completed.map((backup) => [backup.name, Date.parse(backup.began)]));
    const { storageLocation } = schedule;
    byLocation.set(storageLocation, [...(byLocation.get(storageLocation) ?? []), { name, schedule, began }]);
  }
  const planned: PlannedPoints[] = [];
  for (const [name, kept] of byLocation) {
    const location = await findStorageLocation(kubeconfigPath, { namespace, name }, step.signal);
    if (location === null)
      reading.lines.undecide(
        `Velero location ${name}`,
        'it does not exist; apply it, or name another one in the Schedule',
      );
    else planned.push(...(await countLocation(name, location, kept, reading)));
  }
  return planned;
}

async function countLocation(
  name: string,
  location: StorageLocation,
  kept: readonly Kept[],
  reading: CostReading,
): Promise<readonly PlannedPoints[]> {
  const { target, step } = reading.context;
  const { lines } = reading;
  const prefix = location.prefix === '' ? '' : `${location.prefix}/`;
  const where = `s3://${location.bucket}/${prefix}`;
  requireApart({ bucket: location.bucket, prefix }, reading.places, `Velero location ${name}`);
  reading.places.push({ bucket: location.bucket, prefix });
  const began = new Map(kept.flatMap((each) => [...each.began]));
  const bucket = await liveBucket(reading, location.bucket);
  const isGone = (backup: string) => kept.some((each) => isNamedBy(each.name, backup));
  const at = { bucket: location.bucket, prefix, began, isGone };
  const stored = await storedVeleroBackups(await target.place(s3Store), at, step.signal, !bucket.isVersioned);
  // Velero writes a backup once. If one is overwritten, its versions are counted as they are stored.
  countAsItLies({ what: where, bucket, stored, isOverwrittenPlanned: false }, lines);
  lines.notCounted.add("what Velero's repository of files and its restores below its location add from now on");
  const planned: PlannedPoints[] = [];
  for (const each of kept) {
    const points = stored.points.filter((point) => each.began.has(point.name));
    const planOf = countSchedule(each, { points, bucket, prefix, where }, reading);
    if (planOf !== undefined) planned.push(planOf);
  }
  addListings(name, location, bucket, planned, reading);
  return planned;
}

/** Velero names a backup after its Schedule and the time in UTC. */
const isNamedBy = (schedule: string, backup: string): boolean =>
  backup.startsWith(`${schedule}-`) && /^\d{14}$/.test(backup.slice(schedule.length + 1));

function countSchedule(
  { name, schedule }: Kept,
  at: {
    readonly points: readonly StoredPoint[];
    readonly bucket: LiveBucket;
    readonly prefix: string;
    readonly where: string;
  },
  reading: CostReading,
): PlannedPoints | undefined {
  const { points, bucket, prefix, where } = at;
  const what = `${where} backups of ${name}`;
  const { keptMs, problem, assumedDefault } = veleroTtl(schedule.ttl);
  const made = madeOr(schedule, `Velero Schedule ${name}`, reading.at);
  const rules =
    keptMs === null
      ? (problem ?? 'it is unknown how long a backup is kept')
      : rulesAtUpload(points, bucket, prefix, [{ afterMs: keptMs }], reading);
  const reason = firstReason(made, rules, points.length);
  if (typeof made === 'string' || typeof rules === 'string' || reason !== undefined) {
    reading.lines.undecide(what, reason ?? 'it cannot be computed');
    return undefined;
  }
  if (assumedDefault) {
    reading.lines.notCounted.add(
      `another default ttl of Velero's server than 30 days, on which Schedule ${name} relies`,
    );
  }
  const plan = {
    what,
    region: bucket.region,
    prices: bucket.prices,
    made,
    schedule: `Velero Schedule ${name} "${schedule.cron}"`,
    sizes: sizesOf(points, PART_BYTES),
    rules,
    growsPercentPerMonth: growthOf(reading, what, points),
  };
  estimatePoints(plan, reading.lines);
  return { bucket: bucket.name, prefix, plan };
}

/** Velero lists a location repeatedly, to find backups of other clusters and to check that the location is usable. */
function addListings(
  name: string,
  location: StorageLocation,
  { region, prices }: LiveBucket,
  planned: readonly PlannedPoints[],
  { lines }: CostReading,
): void {
  const backups = planned.reduce((sum, { plan }) => sum + keptAtOnce(plan), 0);
  for (const [what, given, field, least, keys] of [
    ['syncs', location.syncPeriod, 'backupSyncPeriod', SYNC_EVERY_MS, backups],
    ['validations', location.validationFrequency, 'validationFrequency', VALIDATE_EVERY_MS, 1],
  ] as const) {
    const item = `Velero location ${name}: ${what} (LIST)`;
    const statedMs = given === undefined ? MINUTE_MS : parseGoDurationMs(given);
    if (statedMs === undefined) lines.undecide(item, `its ${field} "${given}" is not a duration`);
    // Zero switches it off; a negative value selects the server's default.
    else if (statedMs !== 0) {
      const everyMs = Math.max(least, statedMs < 0 ? MINUTE_MS : statedMs);
      const basis = `once in ${everyMs / 1_000} s`;
      estimateListings({ item, runs: 1, windowMs: everyMs, keys, prices, region, basis }, lines);
    }
  }
}

const keptAtOnce = ({ made, rules }: PlannedPoints['plan']): number => {
  const keptMs = Math.min(
    ...rules.endings.map((each) => ('afterMs' in each ? each.afterMs : Number.POSITIVE_INFINITY)),
  );
  return (made.count * keptMs) / made.windowMs;
};

interface Below {
  readonly bucket: string;
  readonly prefix: string;
}

interface Named {
  readonly prefixes: readonly Below[];
  readonly velero: readonly string[];
  readonly copies: readonly { readonly bucket: string; readonly to: string }[];
  readonly items: readonly { readonly item: string }[];
}

/**
 * Requires that nothing is named twice, because it would be counted twice.
 * @throws {ExplainedError} naming the first duplicate.
 */
export function requireCountedOnce({ prefixes, velero, copies, items }: Named, thing: string): void {
  for (const copy of copies) {
    if (copy.bucket === copy.to)
      refuse(thing, `s3://${copy.bucket} is named as its own copy`, 'Name another bucket in `to`.');
    const counted = prefixes.find(
      ({ bucket, prefix }) =>
        bucket === copy.to &&
        prefixes.some((each) => each.bucket === copy.bucket && areOneInTheOther(each.prefix, prefix)),
    );
    if (counted !== undefined) {
      refuse(thing, `${placeOf(counted)} is named in \`prefixes\`, and is in the copy of s3://${copy.bucket} as well`);
    }
  }
  for (const [index, one] of prefixes.entries()) requireApart(one, prefixes.slice(index + 1), thing);
  for (const [what, names] of [
    ['Velero Schedule', velero],
    ['copy', copies.map(({ bucket, to }) => `of s3://${bucket} in s3://${to}`)],
    ['item', items.map(({ item }) => `"${item}"`)],
  ] as const) {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) refuse(thing, `${what} ${twice} is named twice`);
  }
}

/** @throws {ExplainedError} if one place contains the objects of another. */
function requireApart(one: Below, others: readonly Below[], thing: string): void {
  const other = others.find(({ bucket, prefix }) => bucket === one.bucket && areOneInTheOther(prefix, one.prefix));
  if (other === undefined) return;
  const isSame = other.prefix === one.prefix;
  const [outer, inner] = one.prefix.length <= other.prefix.length ? [one, other] : [other, one];
  refuse(
    thing,
    isSame ? `${placeOf(one)} is named twice` : `${placeOf(inner)} lies within ${placeOf(outer)}, and both are named`,
  );
}

const areOneInTheOther = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one);

const placeOf = ({ bucket, prefix }: Below): string => `s3://${bucket}/${prefix}`;

function refuse(thing: string, observed: string, nextStep = 'Name each object that is paid for once.'): never {
  throw new ExplainedError({
    thing,
    expected: 'everything that costs money to be named once',
    observed,
    nextStep,
    cause: 'contract-mistake',
  });
}
