import { type CostLine, decimal, decimalText, quotient, sumOf, times } from '../../model/cost.ts';
import type { UndecidedItem } from '../../model/posture.ts';
import { type Made, MONTH_MS } from './object-life.ts';
import { billingOf, GB_BYTES, type RegionPrices } from './price-table.ts';
import type { PointSizes } from './sizes.ts';

/** Decimal places of a quantity; in GB, the error is less than a thousandth of a byte. */
const PLACES = 12;

interface NewLine {
  readonly item: string;
  /** Divided by `per`, this is the quantity. */
  readonly amount: bigint;
  readonly per: bigint;
  readonly unit: string;
  /** Undefined if the table has no price; the line cannot be computed then. */
  readonly unitPrice: string | undefined;
  /** Name of the priced thing, for the message. */
  readonly priced: string;
  readonly basis: string;
  readonly growsPercentPerMonth?: string | undefined;
}

/** Collects the lines of the bill. A quantity of 0 makes no line. */
export class CostLines {
  readonly lines: CostLine[] = [];
  readonly undecided: UndecidedItem[] = [];
  readonly notCounted = new Set<string>();

  add({ item, amount, per, unit, unitPrice, priced, basis, growsPercentPerMonth }: NewLine): void {
    if (amount === 0n) return;
    if (unitPrice === undefined) {
      this.undecide(item, `the price table has no price for ${priced}; name a table that has it in \`prices\``);
      return;
    }
    const quantity = quotient(amount, per, PLACES);
    this.lines.push({
      item,
      quantity: decimalText(quantity),
      unit,
      unitPrice,
      perMonth: decimalText(times(quantity, decimal(unitPrice))),
      basis,
      ...(growsPercentPerMonth === undefined ? {} : { growsPercentPerMonth }),
    });
  }

  /** Records a part of the cost that cannot be computed. It never counts as 0. */
  undecide(item: string, reason: string): void {
    // The sentence around the reason has its own full stop.
    this.undecided.push({ item, reason: reason.replace(/\.+$/, ''), cause: 'cost-unknown' });
  }

  total(): string {
    return decimalText(sumOf(this.lines.map(({ perMonth }) => decimal(perMonth))));
  }
}

// Fees of a storage class besides storage and requests. The kinds of fees: https://aws.amazon.com/s3/pricing/

interface Fee {
  readonly title: string;
  readonly storageClass: string;
  readonly prices: RegionPrices;
  readonly region: string;
  readonly basis: string;
  /** Sum of the objects' storage times; divided by `per` it is the number of objects present at once. */
  readonly objectMs: bigint;
  readonly per: bigint;
}

/** S3 keeps the name of each archived object in STANDARD. */
export function addNamesInStandard(fee: Fee, to: CostLines): void {
  const { title, storageClass, prices, region, basis, objectMs, per } = fee;
  to.add({
    item: `${title}: names of objects in ${storageClass}, in STANDARD`,
    amount: objectMs * BigInt(billingOf(prices, storageClass).addedBytesInStandard),
    per: per * GB_BYTES,
    unit: 'GB-month',
    unitPrice: prices.storage['STANDARD']?.perGbMonth,
    priced: `storage in STANDARD in ${region}`,
    basis,
  });
}

export function addMonitoring(fee: Fee, to: CostLines): void {
  const { title, storageClass, prices, region, basis, objectMs, per } = fee;
  if (storageClass !== 'INTELLIGENT_TIERING') return;
  to.add({
    item: `${title}: monitoring of ${storageClass}`,
    amount: objectMs,
    per: per * 1_000n,
    unit: '1,000 objects',
    unitPrice: prices.storage[storageClass]?.monitoringPerThousandObjects,
    priced: `monitoring of ${storageClass} in ${region}`,
    basis,
  });
}

/** Reads from STANDARD and INTELLIGENT_TIERING are free, unless the table says otherwise. */
const isFree = (storageClass: string): boolean => ['STANDARD', 'INTELLIGENT_TIERING'].includes(storageClass);

interface Retrieval {
  readonly item: string;
  readonly storageClass: string;
  readonly made: Made;
  readonly sizes: PointSizes;
  readonly prices: RegionPrices;
  readonly region: string;
  readonly basis: string;
  readonly growsPercentPerMonth?: string | undefined;
}

/** Adds the fee per GB that is read back or copied once after its upload. */
export function addRetrieval(plan: Retrieval, to: CostLines): void {
  const { item, storageClass, made, sizes, prices, region, basis, growsPercentPerMonth } = plan;
  const unitPrice = prices.storage[storageClass]?.retrievalPerGb;
  if (unitPrice === undefined && isFree(storageClass)) return;
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
