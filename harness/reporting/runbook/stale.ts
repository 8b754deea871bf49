import type { DrillRecord } from '../../model/record.ts';
import { drillSection } from './drill-section.ts';
import { saysTheSame, shown } from './figures.ts';
import { type RunbookSource, runbookSections } from './runbook.ts';
import { type RunbookContract, sectionTitle } from './runbook-contract.ts';
import { parseSections, type Section } from './sections.ts';

/** A section of the runbook that no longer says what the contracts and the drills say. */
export interface StaleSection {
  readonly title: string;
  /** The first line that should stand there, as the runbook would be written now; undefined for a section too many. */
  readonly expected: string | undefined;
  /** The line that stands there; undefined when the section, or the rest of it, is missing. */
  readonly observed: string | undefined;
}

/**
 * Holds a runbook against the contracts as they are and their last passing drills. Measured figures may differ; nothing else may.
 * Where there is no drill at hand, the section must be one that was written from a drill of the contract as it is, untouched.
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

/** Whether the runbook tells an operator to restore as this drill did: the same steps and commands in the same order. */
export function restoreIsDocumented(
  committed: string,
  contract: RunbookContract,
  record: DrillRecord,
): StaleSection | undefined {
  const title = sectionTitle(contract.facts.name, record.disaster.name);
  const section = { title, heading: `### ${title}`, lines: drillSection(contract, record.disaster, record) };
  return differenceOf(
    section,
    parseSections(committed).find((candidate) => candidate.title === title),
  );
}

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
