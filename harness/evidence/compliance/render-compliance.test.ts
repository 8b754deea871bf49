import { describe, expect, it } from 'vitest';
import { type LedgerVerdict, verdictSentence } from '../ledger/verify-ledger.ts';
import { htmlFaults } from '../page/testing/html-faults.ts';
import { csvLines } from './csv-lines.ts';
import { renderComplianceHtml } from './render-compliance.ts';
import type { ComplianceReport } from './report-schema.ts';
import { entriesOf, madeUpReport, ordersDrill, ordersPromise, periodOf, review } from './testing/made-up-period.ts';

const [from, to] = ['2026-11-01', '2026-11-30'];
const days = [
  { on: '2026-11-02', posture: 'met' as const, afterRun: [review] },
  { on: '2026-11-20', drills: [ordersDrill('breached')], ending: 'run-killed' as const },
];
const report = (): ComplianceReport => madeUpReport(days, from, to);

/** Replaces every text of the report, except for those that the schema fixes. */
function hostile<T>(value: T, text: string, key = ''): T {
  const fixed = [
    'at',
    'from',
    'to',
    'began',
    'ended',
    'madeAt',
    'due',
    'nextDue',
    'state',
    'worst',
    'ending',
    'kind',
    'evidence',
    'id',
  ];
  if (typeof value === 'string') return (fixed.includes(key) ? value : `${text}${value}`) as T;
  if (Array.isArray(value)) return value.map((each) => hostile(each, text, key)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, hostile(each, text, name)])) as T;
}

describe('the compliance report as HTML', () => {
  it('has everything that an auditor asks for', async () => {
    const page = await renderComplianceHtml(report());
    for (const section of [
      'summary',
      'deficiencies',
      'population',
      'distributions',
      'controls',
      'evidence',
      'reviews',
      'runs',
      'provenance',
    ]) {
      expect(page).toContain(`<section id="${section}"`);
    }
    expect(page).toContain('1 of 2 promises were kept by their last drills; 1 broken');
    expect(page).toContain('No retest yet');
    expect(page).toContain('Ada');
    expect(page).toContain('Approved by');
    expect(page).toContain('that people know the plan, their roles and whom to call');
  });

  it('does not say more of the ledger than verification does', async () => {
    const told = async (verdict: LedgerVerdict) => {
      const made = report();
      const verification = { verdict, faultCounts: {}, unsigned: 0, signedFrom: 1, head: null, entries: 9 };
      const sentence = verdictSentence(verification);
      return await renderComplianceHtml({ ...made, ledger: { ...made.ledger, verdict, sentence } });
    };
    expect(await told('unsigned')).toContain('anybody could have written it');
    expect(await told('not pinned')).toContain('no key was given: --key names the keys to trust');
    expect(await told('invalid')).toContain('Do not rely on this report');
  });

  it('is well-formed, and escapes every text', async () => {
    const made = hostile(report(), `<"><img src=x onerror=alert(1)></script></style></title>&'`);
    const page = await renderComplianceHtml(made);
    expect(page).not.toContain('<img');
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.match(/<\/title>/g)?.length).toBe(page.match(/<title/g)?.length);
    expect(await htmlFaults(await renderComplianceHtml(report()))).toEqual([]);
  });

  it('links only to places that it has', async () => {
    const page = await renderComplianceHtml(report());
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets.filter((id) => !ids.has(id))).toEqual([]);
    expect(targets.length).toBeGreaterThan(20);
  });
});

describe('the compliance report as CSV', () => {
  const csv = async (sentence = 'All is "well", really') => {
    const drill = ordersDrill('breached');
    const told = { ...drill, judgement: drill.judgement && { ...drill.judgement, sentence } };
    const entries = entriesOf([
      { on: '2026-10-30' },
      { on: '2026-11-02', drills: [told], posture: 'met', promises: [ordersPromise()] },
      { on: '2026-12-02' },
    ]);
    return await Array.fromAsync(csvLines(entries, periodOf(from, to)));
  };

  it('has a line for each drill and each posture contract of the period', async () => {
    const lines = await csv();
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^5,sha256:0+5,(?:ab){32},2026-11-02T00:00:00.000Z,run-2,d2x0,orders,stream-deleted,/);
    expect(lines[1]).toMatch(/,breached,900000,93400,false,.*,rto,"All is ""well"", really",false,\r\n$/);
    expect(lines[2]).toContain(',off-site-backups,,');
  });

  it('keeps a text from being run as a formula, and a line from being broken', async () => {
    const lines = await csv('=HYPERLINK("x")\nsecond line');
    expect(lines[1]).toContain(`"'=HYPERLINK(""x"") second line"`);
  });
});
