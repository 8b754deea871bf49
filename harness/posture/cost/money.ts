import { decimal, decimalText } from '../../model/decimal.ts';
import { ExplainedError } from '../../model/errors.ts';

export interface Money {
  /** A decimal number. */
  readonly amount: string;
  /** Three letters, as ISO 4217 has them. */
  readonly currency: string;
}

/**
 * An amount as people write it: `20 USD`, `0.50 EUR`.
 * @throws {ExplainedError} when the text is no such amount.
 */
export function parseMoney(text: string, thing: string): Money {
  const [, amount, currency] = /^(\d{1,15}(?:\.\d{1,9})?) ?([A-Z]{3})$/.exec(text) ?? [];
  if (amount !== undefined && currency !== undefined) return { amount: decimalText(decimal(amount)), currency };
  throw new ExplainedError({
    thing,
    expected: 'an amount and a currency, such as 20 USD',
    observed: `found "${text}"`,
    nextStep: 'Write a number that is not negative, and the three letters of a currency behind it.',
    cause: 'contract-mistake',
  });
}

/**
 * A rate as people write it: `10% per month`, in percent.
 * @throws {ExplainedError} when the text is no such rate.
 */
export function parseGrowthPercent(text: string, thing: string): string {
  const [, percent] = /^(\d{1,4}(?:\.\d{1,4})?) ?% (?:per|a) month$/.exec(text) ?? [];
  if (percent !== undefined) return decimalText(decimal(percent));
  throw new ExplainedError({
    thing,
    expected: 'a rate such as 10% per month',
    observed: `found "${text}"`,
    nextStep: 'Write a number that is not negative, and "% per month" behind it.',
    cause: 'contract-mistake',
  });
}
