import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { CommandIo } from './command-io.ts';
import { runCompliance } from './compliance/compliance-command.ts';
import { runExport } from './exports/export-command.ts';
import { runHistory } from './exports/history-command.ts';
import { runNotify } from './exports/notify-command.ts';
import { runReport } from './report-command.ts';
import { withStubIo } from './testing/stub-parts.ts';
import { runAnchor, runVerify } from './verify-command.ts';

const period = { from: new Date(0), controls: [], keys: [], out: '-' } as const;
type Reads = (ledger: string, io: CommandIo) => Promise<unknown>;

const readers: Readonly<Record<string, Reads>> = {
  'export --format prometheus': (ledger, io) => runExport({ format: 'prometheus', ledger }, io),
  'report --from --format csv': (ledger, io) => runCompliance({ ...period, format: 'csv', ledger }, io),
  report: (ledger, io) => runReport({ ledger }, io, async () => ({ promises: [], mistakes: [] })),
  notify: (ledger, io) => runNotify({ always: false, json: true, ledger }, io),
  history: (ledger, io) => runHistory({ contracts: [], runs: 60, json: false, ledger }, io),
  verify: (ledger, io) => runVerify({ keys: [], anchors: [], json: false, ledger }, io),
  anchor: (ledger, io) => runAnchor({ keys: [], to: 'anchor.json', ledger }, io),
};

it.each(Object.entries(readers))('%s refuses a named ledger that is no folder, and prints nothing', (_name, read) =>
  withStubIo(async ({ io, stdout }) => {
    await expect(read('nope', io)).rejects.toThrow(
      `ledger ${join(io.cwd, 'nope')}: expected a folder, but there is no such folder. Correct --ledger,`,
    );
    await writeFile(join(io.cwd, 'file'), '');
    await expect(read('file', io)).rejects.toThrow('expected a folder, but it is not a folder.');
    expect(stdout()).toBe('');
  }),
);

it.each(['export --format prometheus', 'notify', 'history', 'verify'])(
  '%s reads a named ledger that no run was written to yet',
  (name) =>
    withStubIo(async ({ io, stdout }) => {
      await mkdir(join(io.cwd, 'new'));
      await readers[name]?.('new', io);
      expect(stdout()).not.toBe('');
    }),
);
