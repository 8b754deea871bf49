import { compareDecimals, decimal, sumOf, times } from '../../model/cost.ts';
import type { StoredObject } from '../../systems/s3/stored-points.ts';
import { addMonitoring, addNamesInStandard, type CostLines } from './cost-lines.ts';
import type { PricedPlace } from './estimate.ts';
import { billedBytes, billingOf, GB_BYTES, MONITORED_BYTES, type RegionPrices } from './price-table.ts';

/** Objects without a known schedule; the estimate counts them as they are stored now. */
export interface OthersPlan extends PricedPlace {
  readonly what: string;
  /** Groups of objects with their names in lines, e.g. `other objects`. */
  readonly kinds: readonly (readonly [kind: string, objects: readonly StoredObject[]])[];
}

const BASIS = 'as they lie there now';

export function estimateOthers({ what, region, prices, kinds }: OthersPlan, to: CostLines): void {
  for (const [kind, objects] of kinds) {
    for (const [known, sizes] of sizesByClass(objects)) {
      const storageClass = known ?? dearest(sizes, prices);
      const title = `${what}: ${kind}`;
      const billing = billingOf(prices, storageClass);
      // A delete marker is billed by its size alone: it is in STANDARD, which has no minimum.
      to.add({
        item: `${title} in ${known ?? `an unknown storage class, priced as ${storageClass}`}`,
        amount: BigInt(sizes.reduce((sum, size) => sum + billedBytes(size, billing), 0)),
        per: GB_BYTES,
        unit: 'GB-month',
        unitPrice: prices.storage[storageClass]?.perGbMonth,
        priced: `storage in ${storageClass} in ${region}`,
        basis: BASIS,
      });
      const fee = { title, storageClass, prices, region, basis: BASIS, per: 1n };
      addNamesInStandard({ ...fee, objectMs: BigInt(sizes.length) }, to);
      addMonitoring({ ...fee, objectMs: BigInt(sizes.filter((size) => size >= MONITORED_BYTES).length) }, to);
    }
  }
}

function sizesByClass(objects: readonly StoredObject[]): ReadonlyMap<string | undefined, readonly number[]> {
  const groups = Map.groupBy(objects, ({ storageClass }) => storageClass);
  return new Map([...groups].map(([storageClass, all]) => [storageClass, all.map(({ sizeBytes }) => sizeBytes)]));
}

/** Returns the most expensive class, for objects of unknown class. The estimate may then be too high, never too low. */
function dearest(sizes: readonly number[], prices: RegionPrices): string {
  const costs = Object.entries(prices.storage).map(([storageClass, { perGbMonth }]) => {
    const billing = billingOf(prices, storageClass);
    const bytes = sumOf(sizes.map((size) => ({ units: BigInt(billedBytes(size, billing)), places: 0 })));
    return { storageClass, cost: times(bytes, decimal(perGbMonth)) };
  });
  return costs.toSorted((one, other) => compareDecimals(other.cost, one.cost))[0]?.storageClass ?? 'STANDARD';
}
