import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Judgement } from '../model/record.ts';
import { renderResultsTable } from './results-table.ts';
import type { TerminalTraits } from './terminal.ts';
import { madeUpDrill } from './testing/made-up-records.ts';

const plain: TerminalTraits = { live: false, columns: 100, rows: 24, colour: false, unicode: false };

const drills = [
  madeUpDrill(),
  madeUpDrill({
    contract: 'secrets-and-configuration',
    disaster: 'control-plane-lost',
    judgement: {
      verdict: 'breached',
      rta: { valueMs: 1_800_000, atLeast: true },
      rpa: { valueMs: 93_600_000, atLeast: true },
      exposureMs: 86_461_000,
      marginPercent: -2340.2,
    },
  }),
  madeUpDrill({ contract: 'backup-bucket', disaster: 'objects-overwritten', judgement: null }),
];

/** Returns the cells of the one row of a drill with that judgement, by the title of their column. */
const cellsOf = (judgement: Partial<Judgement>): Readonly<Record<string, string | undefined>> => {
  const [head = [], , row = []] = renderResultsTable([madeUpDrill({ judgement })], plain)
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));
  return Object.fromEntries(head.map((title, column) => [title, row[column]]));
};
const widthOf = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

describe('the results table', () => {
  it('shows contract, disaster, objectives, actuals, exposure, verdict and margin', () => {
    const [head, rule, row] = renderResultsTable([madeUpDrill()], plain).split('\n');
    expect(head).toMatch(/^contract\s+disaster\s+RTO\s+RTA\s+RPO\s+RPA\s+exposure\s+verdict\s+margin$/);
    expect(rule).toMatch(/^-+$/);
    expect(row).toMatch(/^nats-streams\s+stream-deleted\s+15 min\s+1 min 33 s\s+5 min\s+0 s\s+2 min 1 s\s+met\s+59 %$/);
  });

  it('marks a value that was not reached as "more than"', () => {
    expect(renderResultsTable(drills, plain)).toMatch(/> 30 min .*> 1 d 2 h/);
    expect(cellsOf({ rta: { valueMs: 900_000, atLeast: true } })).toMatchObject({ RTA: '> 15 min' });
    expect(cellsOf({ rta: { valueMs: 900_000, atLeast: false } })).toMatchObject({ RTA: '15 min' });
  });

  it('shows a drill without a judgement as unproven, with no number made up', () => {
    const row = renderResultsTable(drills, { ...plain, columns: 130 })
      .split('\n')
      .at(-1);
    expect(row).toMatch(/^backup-bucket\s+objects-overwritten\s+15 min\s+-\s+5 min\s+-\s+-\s+unproven\s+-$/);
  });

  it('rounds a margin down, so that a breach by a hair is not 0 %', () => {
    expect(cellsOf({ marginPercent: -0.01 })).toMatchObject({ margin: '-1 %' });
    expect(cellsOf({ marginPercent: 19.99 })).toMatchObject({ margin: '19 %' });
  });

  it.each([90, 100, 120])('fits into %i columns without breaking a word', (columns) => {
    const table = renderResultsTable(drills, { ...plain, columns });
    expect(widthOf(table)).toBeLessThanOrEqual(columns);
    for (const part of ['configuration', 'lost', 'overwritten', '> 1 d 2 h']) expect(table).toContain(part);
  });

  it('puts the disaster below its contract where both do not fit side by side', () => {
    const table = renderResultsTable([madeUpDrill()], { ...plain, columns: 72 });
    expect(table).toContain('contract');
    expect(table).toMatch(/^ stream-/m);
    expect(widthOf(table)).toBeLessThanOrEqual(72);
  });

  it('carries colour and box characters only where the terminal has them', () => {
    const rich = renderResultsTable(drills, { ...plain, colour: true, unicode: true });
    expect(stripVTControlCharacters(rich)).not.toBe(rich);
    expect(rich).toContain('─');
    const poor = renderResultsTable(drills, plain);
    expect(stripVTControlCharacters(poor)).toBe(poor);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is what is meant
    expect(poor).toMatch(/^[\x00-\x7f]*$/);
  });
});
