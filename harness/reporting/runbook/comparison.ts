import { counted } from '../../model/counted.ts';
import type { PostureDifference } from '../../model/posture.ts';
import { isUnproven } from './drill-section.ts';
import { type RunbookSource, runbookSections } from './runbook.ts';
import { lastPassing, sectionTitle } from './runbook-contract.ts';
import { staleSections, staleText } from './stale.ts';

/** A runbook held against contracts and drills, and by what each of its restores was judged. */
export interface RunbookComparison {
  /** Sections; none when not one restore is documented. */
  readonly compared: number;
  readonly differences: readonly PostureDifference[];
  readonly evidence: Readonly<Record<string, string>>;
  readonly notVerified: readonly string[];
}

/**
 * Whether a runbook tells people to restore as the drills do. Where a passing drill of the contract as it stands is at hand, its steps
 * must be those of the section; where none is, the digests at the section's end must be those of the contract and of the text.
 */
export function compareRunbook(
  committed: string,
  source: Pick<RunbookSource, 'contracts' | 'records'>,
): RunbookComparison {
  const sections = runbookSections({ ...source, previous: committed });
  const stale = staleSections(committed, source);
  const staleTitles = new Set(stale.map(({ title }) => title));
  const by: Record<'drill' | 'digests' | 'nothing', string[]> = { drill: [], digests: [], nothing: [] };
  for (const contract of source.contracts) {
    for (const disaster of contract.disasters) {
      const title = sectionTitle(contract.facts.name, disaster.name);
      if (lastPassing(contract, disaster, source.records) !== undefined) by.drill.push(title);
      else if (isUnproven(sections.find((section) => section.title === title)?.lines ?? [])) by.nothing.push(title);
      else by.digests.push(title);
    }
  }
  const unproven = by.nothing.filter((title) => !staleTitles.has(title));
  const isDocumented = by.drill.length + by.digests.length > 0;
  return {
    compared: isDocumented || stale.length > 0 ? sections.length - unproven.length : 0,
    differences: stale.map((each) => {
      const { expected, observed: found, nextStep } = staleText(each);
      return { item: `section "${each.title}"`, expected, found, nextStep: `${nextStep}.` };
    }),
    evidence: {
      ...(by.drill.length === 0 ? {} : { 'held against its last passing drill': by.drill.join(', ') }),
      ...(by.digests.length === 0 ? {} : { 'held against the digests at its end': by.digests.join(', ') }),
    },
    notVerified: [
      ...(by.digests.length === 0
        ? []
        : [
            `the steps of ${counted(by.digests.length, 'restore')} against a drill: no record of one is at hand, the digests of contract and text were compared`,
          ]),
      ...unproven.map((title) => `${title}, of which the runbook says that no drill has passed`),
    ],
  };
}
