import { InvalidArgumentError } from 'commander';
import { type FrameworkId, frameworkIds } from '../../evidence/compliance/catalogue-schema.ts';

export const complianceFormats = ['html', 'pdf', 'json', 'csv', 'oscal'] as const;
export type ComplianceFormat = (typeof complianceFormats)[number];

export interface ComplianceOptions {
  readonly from: Date;
  /** End of the period; now when left out. */
  readonly to?: Date | undefined;
  readonly controls: readonly FrameworkId[];
  readonly format: ComplianceFormat;
  /** Path of the report from the current folder, `-` for standard output; beside the records when left out. */
  readonly out?: string | undefined;
  /** Whether `out` may replace a file that this program did not write. */
  readonly force?: boolean | undefined;
  readonly ledger?: string | undefined;
  /** Files of public keys. */
  readonly keys: readonly string[];
  /** Files of public keys that count for sign-offs and deviations only. */
  readonly reviewerKeys?: readonly string[];
}

/** Parses `soc2,dora`: the frameworks whose clauses the report contains. */
export function frameworkList(text: string): readonly FrameworkId[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !frameworkIds.some((id) => id === name));
  if (unknown.length > 0) {
    throw new InvalidArgumentError(`There is no framework ${unknown.join(', ')}. Known: ${frameworkIds.join(', ')}.`);
  }
  return frameworkIds.filter((id) => names.includes(id));
}
