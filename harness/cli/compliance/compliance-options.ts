import { InvalidArgumentError } from 'commander';
import { type FrameworkId, frameworkIds } from '../../evidence/compliance/catalogue-schema.ts';

export const complianceFormats = ['html', 'pdf', 'json', 'csv', 'oscal'] as const;
export type ComplianceFormat = (typeof complianceFormats)[number];

export interface ComplianceOptions {
  readonly from: Date;
  /** The end of the period; now when left out. */
  readonly to?: Date | undefined;
  readonly controls: readonly FrameworkId[];
  readonly format: ComplianceFormat;
  /** Where the report goes, from the current folder, `-` for standard output; beside the records when left out. */
  readonly out?: string | undefined;
  readonly ledger?: string | undefined;
  /** Files of public keys. */
  readonly keys: readonly string[];
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A day begins at midnight, UTC. */
export const periodStart = (text: string): Date => utcTime(text, DAY.test(text) ? `${text}T00:00:00.000Z` : text);

/** A day that ends a period belongs to it. */
export const periodEnd = (text: string): Date => utcTime(text, DAY.test(text) ? `${text}T23:59:59.999Z` : text);

function utcTime(text: string, full: string): Date {
  const time = new Date(full);
  // A day that does not exist (2026-02-30) would be taken for a later one.
  const isThere = !Number.isNaN(time.getTime()) && (!DAY.test(text) || time.toISOString().startsWith(text));
  if (isThere) return time;
  throw new InvalidArgumentError('Write a day such as 2026-11-28, or a time such as 2026-11-28T06:00:00Z.');
}

/** `soc2,dora`: the frameworks whose clauses the report holds. */
export function frameworkList(text: string): readonly FrameworkId[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !frameworkIds.some((id) => id === name));
  if (unknown.length > 0) {
    throw new InvalidArgumentError(`There is no framework ${unknown.join(', ')}. Known: ${frameworkIds.join(', ')}.`);
  }
  return frameworkIds.filter((id) => names.includes(id));
}
