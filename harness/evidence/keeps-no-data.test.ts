import { describe, expect, it } from 'vitest';
import { renderResultsTable } from '../reporting/results-table.ts';
import { renderRunbook } from '../reporting/runbook/runbook.ts';
import { madeUpContract, madeUpPassing } from '../reporting/runbook/testing/made-up-contract.ts';
import { madeUpRun } from '../reporting/testing/made-up-records.ts';
import { judge } from '../verdict/judge.ts';
import { noDataRecord, withoutData } from '../verdict/testing/no-data-records.ts';
import { csvLines as complianceLines } from './compliance/csv-lines.ts';
import { renderComplianceHtml } from './compliance/render-compliance.ts';
import { entriesOf, madeUpReport, ordersDrill, periodOf } from './compliance/testing/made-up-period.ts';
import { exportedFromLedger, exportedFromRecord } from './exports/exported-run.ts';
import { renderSummary } from './exports/markdown.ts';
import { renderMetrics } from './exports/metrics.ts';
import { renderOtlpTrace } from './exports/otlp-trace.ts';
import { resultGroups } from './exports/result-groups.ts';
import { csvHead, csvLines, renderResultsJson } from './exports/result-row.ts';
import { seriesOfLedger } from './exports/series.ts';
import { renderJunit } from './exports/test-reports.ts';
import { gateDecisionSchema } from './gate/decision.ts';
import { renderExplanation } from './gate/render-text.ts';
import { DAY_MS, decide, ledgerOf, NOW, promise, run } from './gate/testing/made-up-gate.ts';
import { diffRuns } from './history/diff-runs.ts';
import { stateChangesOf } from './notify/state-changes.ts';
import { messageLines } from './notify/webhook.ts';
import { htmlFaults } from './page/testing/html-faults.ts';
import { fullDrill, writtenPage } from './page/testing/made-up-page.ts';

const plain = { live: false, columns: 200, rows: 24, colour: false, unicode: false };
const record = noDataRecord();
record.judgement = judge(record);
const recorded = madeUpRun([record]);
const exported = exportedFromRecord(recorded);
const groups = resultGroups(exported);
const text = (parts: Iterable<string>): string => [...parts].join('');
const noData = run({ change: withoutData });

describe('an asset that keeps no data', () => {
  it('is shown as such in the table of results, without figures of loss', () => {
    const table = renderResultsTable([record], plain);
    expect(table).toMatch(/^orders +wiped +15 min +2 min 30 s +no data +- +- +met +83 %$/m);
    expect(table).toContain('the asset keeps no data');
  });

  it('is shown as such on the page', async () => {
    const page = await writtenPage({ run: recorded, past: [] });
    expect(page).toContain('<span class="quiet">keeps no data</span>');
    expect(page).not.toContain('recovery point actual');
    expect(await htmlFaults(page)).toEqual([]);
  });

  it('is shown as such in the runbook', () => {
    const { contract, ...rest } = madeUpPassing();
    const facts = { ...contract, rpoMs: null };
    const passing = { ...rest, contract: facts };
    const runbook = renderRunbook({ contracts: [madeUpContract({ facts })], records: [passing] });
    expect(runbook).toContain('back within 15 min; it keeps no data');
    expect(runbook).toContain('| writes lost | not promised: it keeps no data | not judged |');
    expect(runbook).not.toContain('(RPO)');
  });

  it('is shown as such by the gate, as text and as JSON', async () => {
    const decision = await decide(noData);
    const [decided] = decision.promises;
    if (decided === undefined) throw new Error('nothing was decided');
    expect(renderExplanation(decided, decision, plain)).toContain(
      'RTO 15 min / RTA 2 min 30 s and the asset keeps no data',
    );
    const [written] = gateDecisionSchema.parse(JSON.parse(JSON.stringify(decision))).promises;
    expect(written?.proofs[0]).toMatchObject({ keepsNoData: true, rpoMs: null, rpaMs: null, exposureMs: null });
    const [other] = (await decide(run())).promises;
    expect(other?.proofs[0]).not.toHaveProperty('keepsNoData');
  });

  it('is shown as such in Markdown, JUnit, JSON, CSV and traces', () => {
    expect(renderSummary(exported, groups)).toContain('| 2 min 30 s of 15 min | keeps no data |');
    const junit = text(renderJunit(groups));
    expect(junit).toContain('<property name="keepsNoData" value="true"/>');
    expect(junit).not.toMatch(/rpoMs|rpaMs|exposureMs/);
    const { results } = JSON.parse(text(renderResultsJson(exported, groups)));
    expect(results[0]).toMatchObject({ keepsNoData: true, rpoMs: null, rpaMs: null, exposureMs: null });
    expect(text(csvHead())).toMatch(/,keepsNoData,halts\r\n$/);
    expect(text(csvLines(exported, groups))).toMatch(/,true,\r\n$/);
    const trace = text(renderOtlpTrace(exported, groups));
    expect(trace).toContain('{"key":"dr_contracts.keeps_no_data","value":{"boolValue":true}}');
    expect(trace).not.toMatch(/rpo_ms|rpa_ms|exposure_ms/);
  });

  it('has no series of RPO, RPA and exposure', async () => {
    const series = await seriesOfLedger(ledgerOf(noData).toReversed(), []);
    const metrics = text(renderMetrics(series, 'openmetrics'));
    expect(metrics).toContain('dr_contract_rta_seconds{');
    expect(metrics).not.toMatch(/dr_contract_(rpo|rpa|exposure)_seconds\{/);
  });

  it('is told as such in a message', async () => {
    const changes = await stateChangesOf(ledgerOf(noData).toReversed(), NOW.getTime());
    expect(messageLines(changes, true).lines.join('\n')).toContain('The asset keeps no data');
  });

  it('is a change of the promise between two runs, and no change of losses', async () => {
    const runOf = async (entries: ReturnType<typeof run>) => {
      const found = await exportedFromLedger(ledgerOf(entries).toReversed(), { before: 0 });
      if (found === undefined) throw new Error('no run');
      return found;
    };
    const { changes } = diffRuns(await runOf(run({ agoMs: DAY_MS })), await runOf(noData));
    expect(changes).toContainEqual(
      expect.objectContaining({ kind: 'promise', what: 'RPO', before: '2 h', after: 'keeps no data' }),
    );
    expect(changes.filter(({ kind }) => kind === 'loss')).toEqual([]);
    expect(diffRuns(await runOf(noData), await runOf(noData)).changes).toEqual([]);
  });

  it('is shown as such in the compliance report, as page, JSON and CSV', async () => {
    const { contract, judgement } = fullDrill('orders');
    const drill = ordersDrill('met', {
      contract: { ...contract, rpoMs: null },
      judgement: judgement && { ...judgement, rpa: null, exposureMs: null, findings: [] },
    });
    const days = [{ on: '2026-11-02', drills: [drill] }];
    const report = madeUpReport(days, '2026-11-01', '2026-11-30');
    expect(report.promises).toEqual([expect.objectContaining({ contract: 'orders', keepsNoData: true })]);
    const page = await renderComplianceHtml(report);
    expect(page).toContain('keeps no data: no loss is promised or judged.');
    expect(page).not.toContain('within RPO');
    expect(await htmlFaults(page)).toEqual([]);
    const lines = await Array.fromAsync(complianceLines(entriesOf(days), periodOf('2026-11-01', '2026-11-30')));
    expect(lines[1]).toMatch(/,true,\r\n$/);
    expect(madeUpReport([{ on: '2026-11-02' }], '2026-11-01', '2026-11-30').promises[0]?.keepsNoData).toBe(false);
  });

  it('proves the promise at the gate like any other', async () => {
    expect(await decide(noData, { promises: [promise()] })).toMatchObject({ exitCode: 0 });
  });
});
