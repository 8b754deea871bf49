import { describe, expect, it } from 'vitest';
import { madeUpPosture } from '../../reporting/testing/made-up-records.ts';
import { DAY_MS, HOUR_MS, ledgerOf, NOW, postureRun, promise, run, waiver } from '../gate/testing/made-up-gate.ts';
import { renderMetrics } from './metrics.ts';
import { seriesOfLedger } from './series.ts';

type Entries = ReturnType<typeof run>;

const breached = (agoMs: number, contract = 'orders') =>
  run({
    agoMs,
    contract,
    change: (record) => {
      record.contract.rtoMs = 60_000;
    },
  });
const stating = (entries: Entries, ...contracts: string[]): Entries =>
  entries.map((entry) =>
    entry.kind === 'run-started' ? { ...entry, promises: contracts.map((contract) => promise({ contract })) } : entry,
  );

let read = 0;
async function metricsOf(
  runs: readonly Entries[],
  form: 'openmetrics' | 'prometheus' = 'prometheus',
  waivers = [waiver()],
) {
  read = 0;
  const newestFirst = ledgerOf(runs.flat())
    .toReversed()
    .values()
    .map((entry) => {
      read += 1;
      return entry;
    });
  return [...renderMetrics(await seriesOfLedger(newestFirst, waivers), form)].join('');
}
const LABELS = '{contract="orders",disaster="wiped",owner="tests",priority="P1"}';
const secondsAgo = (agoMs: number): string => String((NOW.getTime() - agoMs) / 1_000);

describe('the metrics of a ledger', () => {
  it('say when a promise was last drilled and when it was last proved, as timestamps', async () => {
    const text = await metricsOf([run({ agoMs: 2 * DAY_MS }), breached(DAY_MS)]);
    expect(text).toContain(`dr_contract_last_run_timestamp_seconds${LABELS} ${secondsAgo(DAY_MS)}\n`);
    expect(text).toContain(`dr_contract_last_proven_timestamp_seconds${LABELS} ${secondsAgo(2 * DAY_MS)}\n`);
  });

  it('have one verdict of the four', async () => {
    const text = await metricsOf([breached(DAY_MS)]);
    expect(text.match(/^dr_contract_verdict\{.*\} [01]$/gm)?.map((line) => line.replace(/.*verdict="/, ''))).toEqual([
      'met"} 0',
      'at-risk"} 0',
      'breached"} 1',
      'unproven"} 0',
    ]);
  });

  it('have a promise that was never drilled, as unproven and with the time 0', async () => {
    const text = await metricsOf([stating(run(), 'orders', 'api')]);
    const labels = '{contract="api",disaster="wiped",owner="tests",priority="P1"';
    expect(text).toContain(`dr_contract_last_run_timestamp_seconds${labels}} 0\n`);
    expect(text).toContain(`dr_contract_verdict${labels},verdict="unproven"} 1\n`);
    expect(text).not.toContain(`dr_contract_rta_seconds${labels}`);
  });

  it('have nothing of a promise that the last run no longer states', async () => {
    const last = stating(breached(HOUR_MS, 'api'), 'api');
    expect(await metricsOf([run({ agoMs: DAY_MS }), last])).not.toContain('orders');
  });

  it('say when the waiver ends: at the end of its last day', async () => {
    const end = Date.parse('2026-04-01T00:00:00Z') / 1_000;
    expect(await metricsOf([run()])).toContain(`dr_contract_waiver_expiry_timestamp_seconds${LABELS} ${end}\n`);
  });

  it('page 2: end with the first waiver of a promise, from which moment on the gate blocks', async () => {
    const waivers = [waiver(), waiver({ finding: 'rpo', expires: '2026-02-10' }), waiver({ contract: 'another' })];
    const end = Date.parse('2026-02-11T00:00:00Z') / 1_000;
    expect(await metricsOf([run()], 'prometheus', waivers)).toContain(
      `waiver_expiry_timestamp_seconds${LABELS} ${end}\n`,
    );
  });

  it('page 2: have the posture contracts, drilled or not', async () => {
    const offSite = promise({ contract: 'off-site-backups', disasters: [], cadenceMs: DAY_MS });
    const labels = '{contract="off-site-backups",disaster="posture",owner="tests",priority="P1"';
    const checked = postureRun(
      madeUpPosture([{ name: 'policy', verdict: 'breached', sentence: 'Too much.' }]),
      offSite,
    );
    const text = await metricsOf([checked.map((body) => ({ ...body, keyId: null }))]);
    expect(text).toContain(`dr_contract_verdict${labels},verdict="breached"} 1\n`);
    expect(text).toContain(`dr_contract_last_run_timestamp_seconds${labels}} ${secondsAgo(HOUR_MS)}\n`);
    expect(text).toContain(`dr_contract_cadence_seconds${labels}} 86400\n`);
    expect(text).not.toContain(`dr_contract_rta_seconds${labels}`);
    const never = checked.map((body) =>
      body.kind === 'run-finished' ? { ...body, run: { ...body.run, postures: [] } } : body,
    );
    const unchecked = await metricsOf([never.map((body) => ({ ...body, keyId: null }))]);
    expect(unchecked).toContain(`dr_contract_last_run_timestamp_seconds${labels}} 0\n`);
    expect(unchecked).toContain(`dr_contract_verdict${labels},verdict="unproven"} 1\n`);
  });

  it('page 2: take no waiver of a disaster for one of a posture contract, as the gate does', async () => {
    const offSite = promise({ contract: 'off-site-backups', disasters: [] });
    const bodies = postureRun(madeUpPosture([]), offSite).map((body) => ({ ...body, keyId: null }));
    const text = (disaster?: string) =>
      metricsOf([bodies], 'prometheus', [waiver({ contract: 'off-site-backups', disaster })]);
    expect(await text()).toContain('dr_contract_waiver_expiry_timestamp_seconds{');
    expect(await text('posture')).not.toContain('dr_contract_waiver_expiry_timestamp_seconds{');
  });

  it('are made from the last run of a long ledger, if all was proved there', async () => {
    await metricsOf([...Array.from({ length: 200 }, (_, index) => run({ agoMs: (201 - index) * DAY_MS })), run()]);
    expect(read).toBeLessThanOrEqual(4);
  });

  it('name units and end with # EOF in OpenMetrics', async () => {
    const text = await metricsOf([run({ agoMs: HOUR_MS })], 'openmetrics');
    expect(text).toContain('# UNIT dr_contract_rta_seconds seconds\n');
    expect(text.endsWith('# EOF\n')).toBe(true);
  });
});
