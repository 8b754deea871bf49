import type { CostLine } from '../../model/cost.ts';
import { decimal, decimalText, quotient, sumOf, times } from '../../model/decimal.ts';
import type { UndecidedItem } from '../../model/posture.ts';

/** Of a GB, less than a thousandth of a byte. */
const PLACES = 12;

export interface NewLine {
  readonly item: string;
  /** The quantity is this divided by `per`. */
  readonly amount: bigint;
  readonly per: bigint;
  readonly unit: string;
  /** Undefined where the table has none: the line cannot be computed then. */
  readonly unitPrice: string | undefined;
  /** What has no price, for the message. */
  readonly priced: string;
  readonly basis: string;
  readonly growsPercentPerMonth?: string | undefined;
}

/** Gathers what is paid for. What costs nothing by its quantity is no line. */
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

  /** A part of the cost that nobody can compute: never a silent zero. */
  undecide(item: string, reason: string): void {
    // The sentence that names it ends by itself.
    this.undecided.push({ item, reason: reason.replace(/\.+$/, ''), cause: 'cost-unknown' });
  }

  total(): string {
    return decimalText(sumOf(this.lines.map(({ perMonth }) => decimal(perMonth))));
  }
}
