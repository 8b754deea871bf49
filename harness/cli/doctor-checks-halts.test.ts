import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ledger } from '../evidence/ledger/ledger.ts';
import { openLedgerStore } from '../evidence/ledger/ledger-store.ts';
import { entriesOfRun, madeUpPromise, never, TestClock } from '../evidence/ledger/testing/made-up-ledger.ts';
import { comparisonOf } from '../model/comparison.ts';
import { openProject } from '../project/prepare-run.ts';
import { madeUpPosture } from '../reporting/testing/made-up-records.ts';
import { haltChecks } from './doctor-checks.ts';
import { doctorReport, renderDoctorReport } from './doctor-command.ts';

const traits = { live: false, columns: 100, rows: 24, colour: false, unicode: false };
const promises = [madeUpPromise(), madeUpPromise({ contract: 'off-site-backups', disasters: [] })];
const nothing = comparisonOf({ of: 'backups', compared: 0, differences: [] });
const met = { name: 'daily', verdict: 'met', sentence: 'All there.', condition: 'backups' } as const;
const missing = { ...met, verdict: 'unproven', sentence: 'None.', observation: nothing } as const;

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dr-doctor-halts-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const project = async () => await openProject(dir);

/** Makes a ledger of runs with those checks, the oldest first. */
async function ledgerOf(runs: readonly (readonly Parameters<typeof madeUpPosture>[0][number][])[], stated = promises) {
  using store = await openLedgerStore(join(dir, 'reports/ledger'));
  const ledger = new Ledger(store, undefined, new TestClock());
  for (const [index, checks] of runs.entries()) {
    const postures = checks.length === 0 ? [] : [madeUpPosture(checks)];
    for (const entry of entriesOfRun({ runId: `r${index}`, promises: stated })) {
      await ledger.append(
        entry.kind === 'run-finished' ? { ...entry, run: { ...entry.run, postures } } : entry,
        {},
        never,
      );
    }
  }
}

describe('what halts the roll-out, as the doctor lists it', () => {
  it('is a note with its owner and the next step, and keeps no drill from starting', async () => {
    await ledgerOf([[missing], []]);
    const checks = await haltChecks(await project());
    expect(checks).toMatchObject([
      {
        name: 'roll-out: backups',
        state: 'note',
        found: 'halted by off-site-backups/daily',
        problem: expect.stringMatching(
          /^off-site-backups\/daily was unproven at 2025-11-23T12:00:00\.000Z, and halts the roll-out\. Owner: platform\. The promise: there were no backups/,
        ),
        fix: expect.stringMatching(
          /^Remove what kept the check from deciding.*`npx dr-contracts drill --posture --contract off-site-backups`/,
        ),
      },
    ]);
    const report = doctorReport(checks);
    expect(report.ready).toBe(true);
    expect(renderDoctorReport(report, traits)).toContain('A drill can start now.');
  });

  it('is what the last run of each check found: a later one clears it', async () => {
    // A check that was never made requires reading the whole ledger.
    await ledgerOf([[missing], [met]], [...promises, madeUpPromise({ contract: 'never', disasters: [] })]);
    expect(await haltChecks(await project())).toMatchObject([{ name: 'roll-out', state: 'ok', found: 'not halted' }]);
  });

  it('is nothing where no check was made, or the project does not state its contract any more', async () => {
    expect(await haltChecks(await project())).toEqual([]);
    await ledgerOf([[missing]], [madeUpPromise()]);
    expect(await haltChecks(await project())).toEqual([]);
  });

  it('is not known where the ledger cannot be read, which is a note', async () => {
    await ledgerOf([[missing]]);
    await writeFile(join(dir, 'reports/ledger', '0000000099.intoto.jsonl'), 'no entry');
    expect(await haltChecks(await project())).toMatchObject([
      { state: 'note', problem: expect.stringContaining('the ledger could not be read: ') },
    ]);
  });

  it('is not looked for in a bucket', async () => {
    await writeFile(join(dir, 'dr-contracts.config.ts'), "export default { ledger: { at: 's3://ledgers/mine' } };\n");
    expect(await haltChecks(await project())).toEqual([]);
  });
});
