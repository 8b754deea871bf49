import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { frameworkIds } from '../evidence/compliance/catalogue-schema.ts';
import { exportFormats } from '../evidence/exports/format-names.ts';
import { HOUR_MS, run } from '../evidence/gate/testing/made-up-gate.ts';
import { entryName } from '../evidence/ledger/entry-file.ts';
import { madeUpDrill, madeUpRun } from '../reporting/testing/made-up-records.ts';
import type { CommandIo } from './command-io.ts';
import { runCompliance } from './compliance/compliance-command.ts';
import { complianceFormats } from './compliance/compliance-options.ts';
import { runExport } from './exports/export-command.ts';
import { appendRuns } from './exports/testing/append-runs.ts';
import { runReport } from './report-command.ts';
import { withStubIo } from './testing/stub-parts.ts';

// Files that --out may replace: earlier output of such a command, and nothing else.

type Writes = (out: string, io: CommandIo, force?: boolean) => Promise<unknown>;

const writers: Readonly<Record<string, Writes>> = {
  report: (out, io, force) => runReport({ out, force }, io, async () => ({ promises: [], mistakes: [] })),
  ...Object.fromEntries(
    complianceFormats
      // A browser prints it; compliance-command.browser.test.ts replaces one.
      .filter((format) => format !== 'pdf')
      .map((format): [string, Writes] => [
        `report --from --format ${format}`,
        (out, io, force) =>
          runCompliance({ from: new Date(0), controls: frameworkIds, keys: [], format, out, force }, io),
      ]),
  ),
  ...Object.fromEntries(
    exportFormats.map((format): [string, Writes] => [
      `export --format ${format}`,
      (out, io, force) => runExport({ format, out, force }, io),
    ]),
  ),
};

async function withRun(use: (io: CommandIo) => Promise<void>): Promise<void> {
  await withStubIo(async ({ io }) => {
    const breached = run({
      agoMs: HOUR_MS,
      change: (record) => {
        record.contract.rtoMs = 60_000;
      },
    });
    await appendRuns(io.cwd, breached);
    await mkdir(join(io.cwd, 'reports/latest'), { recursive: true });
    await writeFile(join(io.cwd, 'reports/latest/run.json'), JSON.stringify(madeUpRun([madeUpDrill()])));
    await use(io);
  });
}

const textOf = (io: CommandIo, path: string): Promise<string> => readFile(join(io.cwd, path), 'utf8');

describe.each(Object.entries(writers))('%s --out', (_name, write) => {
  it('replaces what it wrote before, and an empty file', () =>
    withRun(async (io) => {
      await writeFile(join(io.cwd, 'out'), '');
      await write('out', io);
      expect(await textOf(io, 'out')).not.toBe('');
      await write('out', io);
    }));

  it('replaces a contract or a run record only with --force', () =>
    withRun(async (io) => {
      for (const path of ['contracts/one.spec.ts', 'reports/latest/run.json']) {
        if (path.startsWith('contracts')) await writeFile(join(io.cwd, path), 'contract();');
        const before = await textOf(io, path);
        await expect(write(path, io)).rejects.toThrow(
          /--out \S+: expected a new file, or one that dr-contracts wrote as a report or an export, but it is something else\. .*--force\.$/,
        );
        expect(await textOf(io, path)).toBe(before);
      }
      await write('contracts/one.spec.ts', io, true);
      expect(await textOf(io, 'contracts/one.spec.ts')).not.toBe('contract();');
    }));

  it('writes nothing into the ledger, not even with --force or by another name of its folder', () =>
    withRun(async (io) => {
      const entry = `reports/ledger/${entryName(2)}`;
      const before = await textOf(io, entry);
      await symlink(join(io.cwd, 'reports/ledger'), join(io.cwd, 'alias'));
      for (const out of [entry, 'reports/ledger/new', 'reports/ledger/folder/new', 'alias/new']) {
        await expect(write(out, io, true)).rejects.toThrow(/expected a file outside of the ledger/);
      }
      expect(await textOf(io, entry)).toBe(before);
    }));
});
