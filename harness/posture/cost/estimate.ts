import { addMonitoring, addNamesInStandard, addRetrieval, type CostLines } from './cost-lines.ts';
import { type LifeRules, type Made, MONTH_MS, type Use, useOf } from './object-life.ts';
import { billedBytes, billingOf, GB_BYTES, type RegionPrices } from './price-table.ts';
import type { PointSizes, Tally } from './sizes.ts';

// The steady state: the monthly bill once the oldest recovery points are deleted as fast as new ones are made.

const THOUSAND = 1_000n;
/** Maximum number of keys in one answer to a listing. */
const KEYS_A_PAGE = 1_000;

/** A bucket with the data that its bill depends on. */
export interface PricedPlace {
  readonly region: string;
  readonly prices: RegionPrices;
}

/** Recovery points of one kind, made by one schedule. */
export interface PointsPlan extends PricedPlace {
  /** Place that the lines are about, e.g. `s3://backups/nats/daily/`. */
  readonly what: string;
  readonly made: Made;
  /** Name of the schedule in the basis of a line. */
  readonly schedule: string;
  readonly sizes: PointSizes;
  readonly rules: LifeRules;
  /** Overwritten versions, in the present number per recovery point; absent if there are none. */
  readonly overwritten?: PointSizes | undefined;
  /** The region, or `internet`, from which each one is read once after its upload. */
  readonly readBackFrom?: string | undefined;
  readonly growsPercentPerMonth?: string | undefined;
}

/** A copy of the same points in another bucket. */
export interface CopyPlan extends PricedPlace {
  /** The bucket, e.g. `s3://backups-us-east-2`. */
  readonly to: string;
  readonly rules: LifeRules;
}

/** Uploads, storage, transitions and reads of recovery points. */
export function estimatePoints(plan: PointsPlan, to: CostLines): void {
  const { what, prices, made, sizes, rules, growsPercentPerMonth, readBackFrom, region } = plan;
  const basis = `${plan.schedule}, ${inWords(sizes)}`;
  addStorage({ ...plan, title: what, basis, growsPercentPerMonth }, to);
  addOverwritten(plan, to);
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
  addRetrieval({ ...plan, item: `${what}: retrieval for those reads`, storageClass, basis }, to);
  addTransfer({ ...plan, item: `${what}: transfer of those reads to ${readBackFrom}`, to: readBackFrom, basis }, to);
}

/** Adds the cost of a copy in another bucket: one copy of each object, its transfer, and its storage there. */
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
  addRetrieval(
    { ...points, item: `${title}: retrieval of the original`, storageClass: points.rules.storageClass, basis },
    to,
  );
  addTransfer({ ...points, item: `${title}: transfer to ${copy.region}`, to: copy.region, basis }, to);
}

export interface ListingPlan extends PricedPlace {
  readonly item: string;
  /** Number of listings in `windowMs`. */
  readonly runs: number;
  readonly windowMs: number;
  /** Number of keys or folders in one listing. */
  readonly keys: number;
  readonly basis: string;
}

/** Adds the cost of repeated listings. */
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

/** Returns the number of current objects in the steady state. */
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
    { isMovable: true, tally: sizes.movable, use: useOf(made.byTimeOfDayMs, rules, true, minimumDaysIn(prices)) },
    { isMovable: false, tally: sizes.small, use: useOf(made.byTimeOfDayMs, rules, false, minimumDaysIn(prices)) },
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
  const billed = (tally: Tally, storageClass: string) =>
    BigInt(tally.sizesBytes.reduce((sum, size) => sum + billedBytes(size, billingOf(prices, storageClass)), 0));
  const stays = new Map(uses.flatMap(({ use }) => [...use.stayedMs]));
  for (const [key, { storageClass, isCurrent }] of stays) {
    const byteMs = sumOver(uses, ({ tally, use }) => billed(tally, storageClass) * (use.stayedMs.get(key)?.ms ?? 0n));
    add(`${title}: ${isCurrent ? 'storage' : 'noncurrent versions'} in ${storageClass}`, storageClass, byteMs);
  }
  for (const storageClass of new Set(uses.flatMap(({ use }) => [...use.unusedMs.keys()]))) {
    const byteMs = sumOver(
      uses,
      ({ tally, use }) => billed(tally, storageClass) * (use.unusedMs.get(storageClass) ?? 0n),
    );
    add(`${title}: minimum storage duration of ${storageClass}`, storageClass, byteMs);
  }
  for (const storageClass of new Set([...stays.values()].map((stay) => stay.storageClass))) {
    const msOf = ({ tally, use }: (typeof uses)[number], of: (tally: Tally) => number) =>
      [...use.stayedMs.values()]
        .filter((stay) => stay.storageClass === storageClass)
        .reduce((sum, { ms }) => sum + ms * BigInt(of(tally)), 0n);
    const fee = { title, storageClass, prices, region, basis, per: perPointAndWindow };
    addNamesInStandard({ ...fee, objectMs: sumOver(uses, (each) => msOf(each, ({ objects }) => objects)) }, to);
    addMonitoring(
      { ...fee, objectMs: sumOver(uses, (each) => (each.isMovable ? msOf(each, ({ objects }) => objects) : 0n)) },
      to,
    );
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

interface Used {
  readonly isMovable: boolean;
  readonly tally: Tally;
  readonly use: Use;
}

const sumOver = (uses: readonly Used[], of: (each: Used) => bigint): bigint =>
  uses.reduce((sum, each) => sum + of(each), 0n);

const minimumDaysIn =
  (prices: RegionPrices) =>
  (storageClass: string): number =>
    billingOf(prices, storageClass).minimumDays;

/** An overwritten version is uploaded like its successor, and stays as long as a noncurrent version does. */
function addOverwritten(plan: PointsPlan, to: CostLines): void {
  const { what, made, overwritten, rules, prices, region, growsPercentPerMonth } = plan;
  if (overwritten === undefined) return;
  const title = `${what}: overwritten versions`;
  const basis = `${plan.schedule}, as many to each recovery point as lie there`;
  const asLong = {
    ...rules,
    isVersioned: false,
    endings: [{ afterDays: rules.noncurrentDays }],
    transitions: rules.noncurrentTransitions,
  };
  addStorage({ title, made, sizes: overwritten, rules: asLong, basis, growsPercentPerMonth, prices, region }, to);
  requestsOf(
    made,
    overwritten,
    to,
  )(overwritten.movable.puts + overwritten.small.puts, {
    item: `${title}: uploads (PUT)`,
    unitPrice: prices.requestsPerThousand[rules.storageClass]?.put,
    priced: `PUT requests of ${rules.storageClass} in ${region}`,
    basis,
  });
}

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
  // Transfer within a region is free.
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

function inWords({ points, movable, small }: PointSizes): string {
  const bytes = (movable.bytes + small.bytes) / points;
  const objects = (movable.objects + small.objects) / points;
  const number = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(1));
  return `${number(bytes)} bytes in ${number(objects)} ${objects === 1 ? 'object' : 'objects'} each, the mean of ${points} that ${points === 1 ? 'lies' : 'lie'} there`;
}
