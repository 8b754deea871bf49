import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportFormats } from '../../evidence/exports/format-names.ts';
import { DAY_MS, HOUR_MS, run } from '../../evidence/gate/testing/made-up-gate.ts';
import { madeUpDrill, madeUpRun } from '../../reporting/testing/made-up-records.ts';
import { type StubIo, withStubIo } from '../testing/stub-parts.ts';
import type { ExportOptions } from './evidence-options.ts';
import { runExport } from './export-command.ts';
import { appendRuns } from './testing/append-runs.ts';

async function exported(stub: StubIo, options: Partial<ExportOptions> = {}): Promise<string> {
  const before = stub.stdout().length;
  expect(await runExport({ format: 'json', ...options }, stub.io)).toBe(0);
  return stub.stdout().slice(before);
}

const idOf = (entries: ReturnType<typeof run>): string => {
  const [started] = entries;
  return started?.kind === 'run-started' ? started.runId : '';
};
const runIdIn = async (text: Promise<string>): Promise<string> => JSON.parse(await text).run.runId;
const older = run({ agoMs: 2 * DAY_MS });
const newer = run({ agoMs: HOUR_MS });
const breached = run({
  change: (record) => {
    record.contract.rtoMs = 60_000;
  },
});

describe('dr-contracts export', () => {
  it('takes the last run of the ledger, the one before it, or one by its id', () =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, run({ agoMs: 3 * DAY_MS }), older, newer);
      expect(await runIdIn(exported(stub))).toBe(idOf(newer));
      expect(await runIdIn(exported(stub, { run: 'previous' }))).toBe(idOf(older));
      expect(await runIdIn(exported(stub, { run: idOf(older) }))).toBe(idOf(older));
    }));

  it('tells two runs apart whose entries alternate', () =>
    withStubIo(async (stub) => {
      const other = run({ agoMs: HOUR_MS, contract: 'api' });
      const alternating = newer.flatMap((entry, index) => [entry, other[index] ?? entry]);
      await appendRuns(stub.io.cwd, alternating);
      const { run: head, results } = JSON.parse(await exported(stub, { run: idOf(newer) }));
      expect([head.runId, ...new Set(results.map((each: { contract: string }) => each.contract))]).toEqual([
        idOf(newer),
        'orders',
      ]);
    }));

  it('takes a run record instead, such as reports/latest/run.json', () =>
    withStubIo(async (stub) => {
      const record = madeUpRun([madeUpDrill({ contract: 'from-a-file' })]);
      await writeFile(join(stub.io.cwd, 'run.json'), JSON.stringify(record));
      expect(JSON.parse(await exported(stub, { run: 'run.json' })).results[0].contract).toBe('from-a-file');
    }));

  it('calls an error what a run promised and did not drill, and what has no end', () =>
    withStubIo(async (stub) => {
      const [started] = newer;
      await appendRuns(stub.io.cwd, started === undefined ? [] : [started]);
      const { results } = JSON.parse(await exported(stub));
      expect(results.map(({ name, outcome }: { name: string; outcome: string }) => `${name} ${outcome}`)).toEqual([
        'dr-contracts/run/run error',
        'orders/wiped/missing error',
      ]);
    }));

  it('shows what dr-waivers.yaml waives as skipped', () =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, breached);
      expect(await exported(stub, { format: 'junit' })).toContain('<failure type="breached"');
      await writeFile(
        join(stub.io.cwd, 'dr-waivers.yaml'),
        'waivers:\n  - { contract: orders, finding: rto, reason: r, owner: o, approver: a, expires: 2999-01-01 }\n',
      );
      expect(await exported(stub, { format: 'junit' })).toContain(
        '<skipped type="waived" message="waived until 2999-01-01 by a: r"/>',
      );
    }));

  it('page 4: skips nothing by a waiver that the policy does not allow', () =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, breached);
      await writeFile(
        join(stub.io.cwd, 'dr-waivers.yaml'),
        'waivers:\n  - { contract: orders, finding: rto, reason: r, owner: o, approver: a, expires: 2999-01-01 }\n',
      );
      for (const [allowed, outcome] of [
        ["{ longest: '30d' }", '<failure type="breached"'],
        ['{ most: 0 }', '<failure type="breached"'],
        ['{ most: 1 }', '<skipped type="waived"'],
      ] as const) {
        await writeFile(join(stub.io.cwd, 'dr-gate.mjs'), `export default { waivers: ${allowed} };`);
        expect(await exported(stub, { format: 'junit' })).toContain(outcome);
        const metrics = await exported(stub, { format: 'prometheus' });
        expect(metrics.includes('waiver_expiry_timestamp_seconds{')).toBe(outcome.startsWith('<skipped'));
      }
    }));

  it.each(['csv', 'oscal'])('page 4: writes no %s of a ledger that is not as it was written', (format) =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, older, newer);
      expect(await exported(stub, { format })).not.toBe('');
      await rm(join(stub.io.cwd, 'reports/ledger/0000000002.intoto.jsonl'));
      await expect(exported(stub, { format })).rejects.toThrow(
        new RegExp(`expected an unbroken ledger for --format ${format}, but .*2.*verify`, 's'),
      );
      expect(await exported(stub, { format: 'json' })).not.toBe('');
    }),
  );

  it('writes a whole file or none', () =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, newer);
      expect(await exported(stub, { format: 'csv', out: 'results.csv' })).toBe('');
      expect(await readFile(join(stub.io.cwd, 'results.csv'), 'utf8')).toMatch(/^name,contract,/);
      await expect(exported(stub, { format: 'csv', out: 'no/such/folder.csv' })).rejects.toThrow(/folder\.csv/);
    }));

  it.each(exportFormats)('writes %s from a ledger', (format) =>
    withStubIo(async (stub) => {
      await appendRuns(stub.io.cwd, older, newer);
      expect(await exported(stub, { format })).not.toBe('');
    }),
  );

  it.each([
    [{}, /expected a run, but it has none\. Run `dr-contracts drill`/],
    [{ run: 'previous' }, /expected two runs, but it has fewer/],
    [{ run: 'r-nobody' }, /expected the run r-nobody, but it has no such run\. Run `dr-contracts history --json`/],
    [{ run: 'no.json' }, /no\.json/],
  ])('says what to do when there is no run for %j', (options, said) =>
    withStubIo(async (stub) => {
      await expect(exported(stub, options)).rejects.toThrow(said);
    }),
  );

  it('refuses a file that is no run record, by its field', () =>
    withStubIo(async (stub) => {
      await writeFile(join(stub.io.cwd, 'run.json'), '{"runId": 1}');
      await expect(exported(stub, { run: 'run.json' })).rejects.toThrow(
        /expected a run record of this version, but .*runId/s,
      );
    }));
});
