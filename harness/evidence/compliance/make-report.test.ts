import { describe, expect, it } from 'vitest';
import { catalogue } from './catalogue.ts';
import { isNamed } from './catalogue-schema.ts';
import { complianceReportSchema } from './report-schema.ts';
import { madeUpReport, ordersDrill, ordersPromise } from './testing/made-up-period.ts';

const [from, to] = ['2026-11-01', '2026-11-30'];
const clauses = catalogue.flatMap((framework) => framework.clauses.map((clause) => ({ framework, clause })));

describe('the catalogue of controls', () => {
  it('names each clause once, and says of each what a drill cannot show', () => {
    const ids = clauses.map(({ framework, clause }) => `${framework.id} ${clause.id}`);
    expect(new Set(ids).size).toBe(ids.length);
    expect(clauses.filter(({ clause }) => clause.cannotShow.length === 0)).toEqual([]);
  });

  it.each([
    ['SOC 2 A1.3', 'soc2', 'A1.3'],
    ['soc2 a1.3', 'soc2', 'A1.3'],
    ['ISO/IEC 27001 A.8.13', 'iso27001', 'A.8.13'],
    ['NIST SP 800-53 CP-9(1)', 'nist-800-53', 'CP-9(1)'],
    ['DORA 12(2)', 'dora', 'Art. 12(2)'],
    ['DORA Article 12(3)', 'dora', 'Art. 12(3)'],
  ])('knows %s', (control, id, clauseId) => {
    const found = clauses.filter(({ framework, clause }) => isNamed(control, framework, clause));
    expect(found.map(({ framework, clause }) => [framework.id, clause.id])).toEqual([[id, clauseId]]);
  });

  it('does not take one clause for another whose name begins alike', () => {
    const found = clauses.filter(({ framework, clause }) => isNamed('NIST SP 800-53 CP-9', framework, clause));
    expect(found).toEqual([]);
  });
});

describe('the compliance report', () => {
  const days = [
    { on: '2026-11-02', posture: 'met' as const },
    { on: '2026-11-20', drills: [ordersDrill('breached')] },
  ];

  it('has the published form', () => {
    const report = madeUpReport(days, from, to);
    expect(complianceReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  });

  it('says for each clause which runs support it, who named it, and which promises lack it', () => {
    const promises = [ordersPromise({ disasters: ['stream-deleted', 'server-lost'] })];
    const report = madeUpReport(
      days.map((day) => ({ ...day, promises })),
      from,
      to,
    );
    const clause = report.frameworks.flatMap((framework) => framework.clauses).find(({ id }) => id === 'A1.3');
    expect(clause).toMatchObject({
      runs: 1,
      drills: 1,
      runIds: ['run-1'],
      namedBy: ['orders'],
      without: ['orders: server-lost'],
      late: [],
    });
  });

  it('says where a proof came later than the clause asks for', () => {
    const report = madeUpReport(days, from, to);
    const clause = report.frameworks.flatMap((framework) => framework.clauses).find(({ id }) => id === 'KSI-RPL-TRC');
    expect(clause?.late).toMatchObject([{ promise: 'orders: stream-deleted' }]);
  });

  it('lists the clauses that were asked for, and controls that no clause of the catalogue is', () => {
    const dora = catalogue.filter(({ id }) => id === 'dora');
    const report = madeUpReport(days, from, to, dora);
    expect(report.frameworks.map(({ id }) => id)).toEqual(['dora']);
    expect(report.controlsNotInCatalogue).toEqual([{ control: 'HIPAA 164.308', contracts: ['orders'] }]);
  });

  it('is the same for the same ledger', () => {
    expect(madeUpReport(days, from, to)).toEqual(madeUpReport(days, from, to));
  });
});
