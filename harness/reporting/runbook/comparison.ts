import type { PostureDifference } from '../../model/posture.ts';
import { counted } from '../../model/text.ts';
import { isUnproven } from './drill-section.ts';
import { type RunbookSource, runbookSections } from './runbook.ts';
import { lastPassing, sectionTitle } from './runbook-contract.ts';
import { parseSections, type Section, saysTheSame, shown } from './sections.ts';

/** Comparison of a runbook with contracts and drills, with the basis of each restore's judgement. */
interface RunbookComparison {
  /** Number of sections; 0 if no restore is documented. */
  readonly compared: number;
  readonly differences: readonly PostureDifference[];
  readonly evidence: Readonly<Record<string, string>>;
  readonly notVerified: readonly string[];
}

/**
 * Checks whether a runbook tells people to restore as the drills do. If a passing drill of the present contract is available, the section
 * must contain its steps. Otherwise the digests at the section's end must match the contract and the text.
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

/** A section of the runbook that no longer agrees with the contracts and drills. */
export interface StaleSection {
  readonly title: string;
  /** First line that differs, as the runbook would be written now; undefined for a superfluous section or line. */
  readonly expected: string | undefined;
  /** Line in its place; undefined if the section, or the rest of it, is missing. */
  readonly observed: string | undefined;
}

/**
 * Compares a runbook with the present contracts and their last passing drills. Only measured figures may differ. Without an available
 * drill, the section must be an unedited one, written from a drill of the present contract.
 */
export function staleSections(
  committed: string,
  source: Pick<RunbookSource, 'contracts' | 'records'>,
): readonly StaleSection[] {
  const expected = runbookSections({ ...source, previous: committed });
  const found = parseSections(committed);
  const titles = expected.map(({ title }) => title);
  const stale = expected.flatMap(
    (section) =>
      differenceOf(
        section,
        found.find(({ title }) => title === section.title),
      ) ?? [],
  );
  const unasked = found
    .filter(({ title }) => !titles.includes(title))
    .map(({ title, heading }) => ({ title, expected: undefined, observed: heading }));
  if (stale.length > 0 || unasked.length > 0) return [...stale, ...unasked];
  const moved = expected.findIndex(({ title }, index) => found[index]?.title !== title);
  const [should, is] = [expected[moved], found[moved]];
  return should === undefined
    ? twice(found, expected)
    : [{ title: should.title, expected: should.heading, observed: is?.heading }];
}

/** Describes the expected text, the present text and the next step. */
export function staleText({ expected, observed }: StaleSection) {
  return {
    expected: expected === undefined ? nothingMore(observed) : `"${expected}"`,
    observed: observedText(expected, observed),
    nextStep: 'Read what changed, then write it again: npx dr-contracts runbook',
  };
}

function observedText(expected: string | undefined, observed: string | undefined): string {
  if (observed === undefined) return 'nothing stands there';
  return expected === undefined && observed === '' ? 'further lines' : `it says "${observed}"`;
}

const nothingMore = (observed: string | undefined): string =>
  observed?.startsWith('#') === true ? 'no such section: no contract stands behind it' : 'the end of the section';

const twice = (found: readonly Section[], expected: readonly Section[]): readonly StaleSection[] =>
  found.slice(expected.length).map(({ title, heading }) => ({ title, expected: undefined, observed: heading }));

function differenceOf(section: Section, found: Section | undefined): StaleSection | undefined {
  const { title, heading } = section;
  if (found === undefined) return { title, expected: heading, observed: undefined };
  const lines = [heading, ...section.lines];
  const observed = [found.heading, ...found.lines];
  for (let index = 0; index < Math.max(lines.length, observed.length); index += 1) {
    const [should, is] = [lines[index], observed[index]];
    if (should !== undefined && is !== undefined && saysTheSame(should, is)) continue;
    return { title, expected: should === undefined ? undefined : shown(should), observed: is };
  }
  return undefined;
}
