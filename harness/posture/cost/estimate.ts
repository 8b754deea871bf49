import type { StoredObject } from '../../systems/s3/stored-points.ts';
import type { CostLines } from './cost-lines.ts';
import { type Made, MONTH_MS } from './made.ts';
import { type LifeRules, type Use, useOf } from './object-life.ts';
import type { RegionPrices } from './price-table.ts';
import { billedBytes, type PointSizes, sizesByClass, type Tally } from './sizes.ts';

// The steady state: what is paid for each month once the oldest recovery points go as fast as new ones come.

/** S3 bills 2^30 bytes as a GB: https://aws.amazon.com/s3/faqs/#Billing */
const GB_BYTES = 2n ** 30n;
const THOUSAND = 1_000n;
const STANDARD = 'STANDARD';
/** What one answer to a listing holds. */
const KEYS_A_PAGE = 1_000;

/** A bucket as its bill knows it. */
export interface PricedPlace {
  readonly region: string;
  readonly prices: RegionPrices;
}

/** Recovery points of one kind, made by one schedule. */
export interface PointsPlan extends PricedPlace {
  /** What the lines are of, e.g. `s3://backups/nats/daily/`. */
  readonly what: string;
  readonly made: Made;
  /** How the schedule is called, for the basis of a line. */
  readonly schedule: string;
  readonly sizes: PointSizes;
  readonly rules: LifeRules;
  /** The region, or `internet`, where each one is read once after its upload. */
  readonly readBackFrom?: string | undefined;
  readonly growsPercentPerMonth?: string | undefined;
}

/** The same points once more in another bucket. */
export interface CopyPlan extends PricedPlace {
  /** The bucket, e.g. `s3://backups-us-east-2`. */
  readonly to: string;
  readonly rules: LifeRules;
}

/** Objects of which no schedule is known: they are paid for as they lie there. */
export interface OthersPlan extends PricedPlace {
  readonly what: string;
  /** By what a line calls them, such as `other objects`. */
  readonly kinds: readonly (readonly [kind: string, objects: readonly StoredObject[]])[];
}

/** Uploads, storage, transitions and reads of recovery points. */
export function estimatePoints(plan: PointsPlan, to: CostLines): void {
  const { what, prices, made, sizes, rules, growsPercentPerMonth, readBackFrom, region } = plan;
  const basis = `${plan.schedule}, ${inWords(sizes)}`;
  addStorage({ ...plan, title: what, basis, growsPercentPerMonth }, to);
  const both = (of: (tally: Tally) => number) => of(sizes.movable) + of(sizes.small);
  const requests = requestsOf(made, sizes, to);
  const { storageClass } = rules;
  requests(
    both(({ puts }) => puts),
    {
      item: `${what}: uploads (PUT)`,
      unitPrice: prices.requestsPerThousand[storageClass]?.put,
      priced: `PUT requests of ${storageClass} in ${region}`,
      basis,
    },
  );
  if (readBackFrom === undefined) return;
  requests(
    both(({ gets }) => gets),
    {
      item: `${what}: reads after the upload (GET)`,
      unitPrice: prices.requestsPerThousand[storageClass]?.get,
      priced: `GET requests of ${storageClass} in ${region}`,
      basis,
    },
  );
  addTransfer({ ...plan, item: `${what}: transfer of those reads to ${readBackFrom}`, to: readBackFrom, basis }, to);
  addRetrieval({ ...plan, item: `${what}: retrieval by those reads from ${storageClass}`, storageClass, basis }, to);
}

/** What it costs to have them in another bucket as well: one copy of each object, its way there, and its life there. */
export function estimateCopy(points: PointsPlan, copy: CopyPlan, to: CostLines): void {
  const { what, made, sizes, growsPercentPerMonth, schedule } = points;
  const title = `copy of ${what} in ${copy.to}`;
  const basis = `${schedule}, ${inWords(sizes)}, as if each were copied at once`;
  addStorage({ ...copy, made, sizes, title, basis, growsPercentPerMonth }, to);
  const both = (of: (tally: Tally) => number) => of(sizes.movable) + of(sizes.small);
  const requests = requestsOf(made, sizes, to);
  const { storageClass } = copy.rules;
  requests(
    both(({ copies }) => copies),
    {
      item: `${title}: uploads (COPY)`,
      unitPrice: copy.prices.requestsPerThousand[storageClass]?.put,
      priced: `PUT requests of ${storageClass} in ${copy.region}`,
      basis,
    },
  );
  requests(
    both(({ objects }) => objects),
    {
      item: `${title}: looks at the original (HEAD)`,
      unitPrice: points.prices.requestsPerThousand[points.rules.storageClass]?.get,
      priced: `GET requests of ${points.rules.storageClass} in ${points.region}`,
      basis,
    },
  );
  addTransfer({ ...points, item: `${title}: transfer to ${copy.region}`, to: copy.region, basis }, to);
  const source = points.rules.storageClass;
  addRetrieval({ ...points, item: `${title}: retrieval from ${source}`, storageClass: source, basis }, to);
}

/** What lies there and belongs to no recovery point is paid for as it is. */
export function estimateOthers({ what, region, prices, kinds }: OthersPlan, to: CostLines): void {
  for (const [kind, objects] of kinds) {
    const add = (item: string, storageClass: string, bytes: number) =>
      to.add({
        item: `${what}: ${item}`,
        amount: BigInt(bytes),
        per: GB_BYTES,
        unit: 'GB-month',
        unitPrice: prices.storage[storageClass]?.perGbMonth,
        priced: `storage in ${storageClass} in ${region}`,
        basis: 'as they lie there now',
      });
    for (const [storageClass, sizesBytes] of sizesByClass(objects)) {
      const priced = prices.storage[storageClass];
      add(`${kind} in ${storageClass}`, storageClass, billedBytes(sizesBytes, priced));
      add(namesOfArchived(kind, storageClass), STANDARD, sizesBytes.length * (priced?.addedStandardBytes ?? 0));
    }
  }
}

/** S3 keeps the name and the metadata of an archived object in STANDARD: https://aws.amazon.com/s3/pricing/ */
const namesOfArchived = (what: string, storageClass: string): string =>
  `names and metadata of ${what} in ${storageClass}`;

export interface ListingPlan extends PricedPlace {
  readonly item: string;
  /** So many times in so long. */
  readonly runs: number;
  readonly windowMs: number;
  /** How many keys or folders one listing goes through. */
  readonly keys: number;
  readonly basis: string;
}

/** Listings that something makes again and again. */
export function estimateListings(plan: ListingPlan, to: CostLines): void {
  const { item, runs, windowMs, keys, prices, region, basis } = plan;
  const pages = Math.max(1, Math.ceil(keys / KEYS_A_PAGE));
  to.add({
    item,
    amount: BigInt(runs * pages) * BigInt(MONTH_MS),
    per: BigInt(windowMs) * THOUSAND,
    unit: '1,000 requests',
    unitPrice: prices.requestsPerThousand['STANDARD']?.put,
    priced: `LIST requests in ${region}`,
    basis: `${basis}, ${pages === 1 ? '1 page' : `${pages} pages`} each`,
  });
}

/** How many current objects lie there in the steady state. */
export function currentObjects({ made, sizes, rules, prices }: PointsPlan): number {
  const { movable, small, points } = sizes;
  const stayed = (tally: Tally, isMovable: boolean) => {
    const use = useOf(made.byTimeOfDayMs, rules, isMovable, minimumDaysIn(prices));
    const ms = [...use.stayedMs.values()].filter(({ isCurrent }) => isCurrent).reduce((sum, each) => sum + each.ms, 0n);
    return (Number(ms) / made.windowMs) * (tally.objects / points);
  };
  return stayed(movable, true) + stayed(small, false);
}

interface StoragePlan extends PricedPlace {
  readonly title: string;
  readonly made: Made;
  readonly sizes: PointSizes;
  readonly rules: LifeRules;
  readonly basis: string;
  readonly growsPercentPerMonth: string | undefined;
}

function addStorage(plan: StoragePlan, to: CostLines): void {
  const { title, made, sizes, rules, prices, region, basis, growsPercentPerMonth } = plan;
  const uses = [
    { tally: sizes.movable, use: useOf(made.byTimeOfDayMs, rules, true, minimumDaysIn(prices)) },
    { tally: sizes.small, use: useOf(made.byTimeOfDayMs, rules, false, minimumDaysIn(prices)) },
  ].filter(({ tally }) => tally.objects > 0);
  const perPointAndWindow = BigInt(sizes.points) * BigInt(made.windowMs);
  const add = (item: string, storageClass: string, byteMs: bigint) =>
    to.add({
      item,
      amount: byteMs,
      per: perPointAndWindow * GB_BYTES,
      unit: 'GB-month',
      unitPrice: prices.storage[storageClass]?.perGbMonth,
      priced: `storage in ${storageClass} in ${region}`,
      basis,
      growsPercentPerMonth,
    });
  const stays = new Map(uses.flatMap(({ use }) => [...use.stayedMs]));
  for (const [key, { storageClass, isCurrent }] of stays) {
    const stayedMs = ({ use }: (typeof uses)[number]) => use.stayedMs.get(key)?.ms ?? 0n;
    const kind = isCurrent ? 'storage' : 'noncurrent versions';
    const priced = prices.storage[storageClass];
    const byteMs = sumOver(uses, (each) => BigInt(billedBytes(each.tally.sizesBytes, priced)) * stayedMs(each));
    add(`${title}: ${kind} in ${storageClass}`, storageClass, byteMs);
    const names = BigInt(priced?.addedStandardBytes ?? 0);
    const nameMs = sumOver(uses, (each) => BigInt(each.tally.objects) * names * stayedMs(each));
    add(`${title}: ${namesOfArchived(isCurrent ? 'objects' : kind, storageClass)}`, STANDARD, nameMs);
  }
  for (const storageClass of new Set(uses.flatMap(({ use }) => [...use.unusedMs.keys()]))) {
    const priced = prices.storage[storageClass];
    const byteMs = sumOver(
      uses,
      ({ tally, use }) => BigInt(billedBytes(tally.sizesBytes, priced)) * (use.unusedMs.get(storageClass) ?? 0n),
    );
    add(`${title}: minimum storage duration of ${storageClass}`, storageClass, byteMs);
  }
  for (const storageClass of new Set(uses.flatMap(({ use }) => [...use.moves.keys()]))) {
    const moves = sumOver(uses, ({ tally, use }) => BigInt(tally.objects) * (use.moves.get(storageClass) ?? 0n));
    to.add({
      item: `${title}: transitions to ${storageClass}`,
      amount: moves * BigInt(MONTH_MS),
      per: perPointAndWindow * THOUSAND,
      unit: '1,000 requests',
      unitPrice: prices.transitionsPerThousand[storageClass],
      priced: `transitions to ${storageClass} in ${region}`,
      basis,
    });
  }
}

const sumOver = (
  uses: readonly { readonly tally: Tally; readonly use: Use }[],
  of: (each: { readonly tally: Tally; readonly use: Use }) => bigint,
): bigint => uses.reduce((sum, each) => sum + of(each), 0n);

const minimumDaysIn =
  ({ storage }: RegionPrices) =>
  (storageClass: string): number =>
    storage[storageClass]?.minimumDays ?? 0;

interface RequestLine {
  readonly item: string;
  readonly unitPrice: string | undefined;
  readonly priced: string;
  readonly basis: string;
}

const requestsOf =
  (made: Made, { points }: PointSizes, to: CostLines) =>
  (count: number, line: RequestLine): void =>
    to.add({
      ...line,
      amount: BigInt(count) * BigInt(made.count) * BigInt(MONTH_MS),
      per: BigInt(points) * BigInt(made.windowMs) * THOUSAND,
      unit: '1,000 requests',
    });

interface TransferPlan extends PricedPlace {
  readonly item: string;
  readonly to: string;
  readonly made: Made;
  readonly sizes: PointSizes;
  readonly basis: string;
  readonly growsPercentPerMonth?: string | undefined;
}

function addTransfer(plan: TransferPlan, to: CostLines): void {
  const { item, made, sizes, prices, region, basis, growsPercentPerMonth } = plan;
  // Within a region it is free.
  if (plan.to === region) return;
  const bytes = sizes.movable.bytes + sizes.small.bytes;
  to.add({
    item,
    amount: BigInt(bytes) * BigInt(made.count) * BigInt(MONTH_MS),
    per: BigInt(sizes.points) * BigInt(made.windowMs) * GB_BYTES,
    unit: 'GB',
    unitPrice: prices.transferPerGb[plan.to],
    priced: `transfer from ${region} to ${plan.to}`,
    basis,
    growsPercentPerMonth,
  });
}

interface RetrievalPlan extends PricedPlace {
  readonly item: string;
  readonly storageClass: string;
  readonly made: Made;
  readonly sizes: PointSizes;
  readonly basis: string;
  readonly growsPercentPerMonth?: string | undefined;
}

/** What S3 charges for each GB that is read out of a class: https://aws.amazon.com/s3/pricing/ */
function addRetrieval(plan: RetrievalPlan, to: CostLines): void {
  const { item, storageClass, made, sizes, prices, region, basis, growsPercentPerMonth } = plan;
  const unitPrice = prices.retrievalPerGb[storageClass];
  if (storageClass === STANDARD && unitPrice === undefined) return;
  to.add({
    item,
    amount: BigInt(sizes.movable.bytes + sizes.small.bytes) * BigInt(made.count) * BigInt(MONTH_MS),
    per: BigInt(sizes.points) * BigInt(made.windowMs) * GB_BYTES,
    unit: 'GB',
    unitPrice,
    priced: `retrieval from ${storageClass} in ${region}`,
    basis,
    growsPercentPerMonth,
  });
}

function inWords({ points, movable, small }: PointSizes): string {
  const bytes = (movable.bytes + small.bytes) / points;
  const objects = (movable.objects + small.objects) / points;
  const number = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(1));
  return `${number(bytes)} bytes in ${number(objects)} ${objects === 1 ? 'object' : 'objects'} each, the mean of ${points} that ${points === 1 ? 'lies' : 'lie'} there`;
}
