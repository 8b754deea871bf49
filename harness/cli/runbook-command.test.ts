import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { madeUpContract, madeUpPassing } from '../reporting/runbook/testing/made-up-contract.ts';
import type { CommandIo } from './command-io.ts';
import { type RunbookOptions, runRunbook } from './runbook-command.ts';
import { withStubIo } from './testing/stub-parts.ts';

const contract = madeUpContract();
const options: RunbookOptions = { check: false, file: 'docs/runbook.md' };
const check = { ...options, check: true };

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** Makes a project with one contract and one drill that passed. */
async function withProject(work: (given: { io: CommandIo; stdout: () => string; file: string }) => Promise<void>) {
  await withStubIo(async ({ io, stdout }) => {
    await put(join(io.cwd, 'contracts/nats-streams.spec.ts'), '');
    await put(join(io.cwd, 'reports/runs/1/drills/one.json'), JSON.stringify(madeUpPassing()));
    await put(join(io.cwd, 'reports/runs/1/drills/half.json'), '{"schemaVersion": 1');
    await work({ io, stdout, file: join(io.cwd, options.file) });
  });
}
const loading =
  (...contracts: readonly ReturnType<typeof madeUpContract>[]) =>
  async () =>
    contracts;

describe('runbook', () => {
  it('is written from the records that runs have left, and then matches', () =>
    withProject(async ({ io, stdout, file }) => {
      expect(await runRunbook(options, io, loading(contract))).toBe(0);
      expect(await readFile(file, 'utf8')).toContain('ops/restore.sh "$RECOVERY_POINT"');
      expect(stdout()).toContain('docs/runbook.md written: 1 of 1 disaster from drills in reports.');
      expect(await runRunbook(check, io, loading(contract))).toBe(0);
      expect(stdout()).toContain('docs/runbook.md matches the contracts and their last passing drills.');
    }));

  it('that is stale fails the check with its first stale section, and is not written', () =>
    withProject(async ({ io, file }) => {
      await runRunbook(options, io, loading(contract));
      const before = await readFile(file, 'utf8');
      const changed = loading(madeUpContract({ degraded: 'Nothing works' }));
      await expect(runRunbook(check, io, changed)).rejects.toThrow(
        'docs/runbook.md, section "nats-streams": expected "| **meanwhile** | Nothing works. |", but it says "| **meanwhile** | Reads go on. |". ' +
          'Read what changed, then write it again: npx dr-contracts runbook',
      );
      expect(await readFile(file, 'utf8')).toBe(before);
    }));

  it('that is not there fails the check', () =>
    withProject(async ({ io }) => {
      await expect(runRunbook(check, io, loading(contract))).rejects.toThrow('but nothing stands there');
    }));

  it('says of which disasters no drill is at hand', () =>
    withProject(async ({ io, stdout }) => {
      const never = madeUpContract({ facts: { ...contract.facts, name: 'orders' } });
      await runRunbook(options, io, loading(contract, never));
      expect(stdout()).toContain('written: 1 of 2 disasters');
      expect(stdout()).toContain('No passing drill there for orders: stream-deleted');
    }));

  it('E01: a runbook that was written by hand stays byte for byte, unless --force is given', () =>
    withProject(async ({ io, file }) => {
      const byHand = '# Our runbook\r\n\r\nCall Alice at 555-1234 first.\r\n';
      await put(file, byHand);
      await expect(runRunbook(options, io, loading(contract))).rejects.toThrow(
        /docs\/runbook\.md: .*not written by this command.*--file.*--force/,
      );
      expect(await readFile(file, 'utf8')).toBe(byHand);
      await runRunbook({ ...options, file: 'docs/other.md' }, io, loading(contract));
      expect(await readFile(file, 'utf8')).toBe(byHand);
      await runRunbook({ ...options, force: true }, io, loading(contract));
      expect(await readFile(file, 'utf8')).not.toContain('Alice');
    }));

  it('E01: sections that were added or edited by hand are named, and stay', () =>
    withProject(async ({ io, file }) => {
      await runRunbook(options, io, loading(contract));
      const written = await readFile(file, 'utf8');
      const edited = `${written.replace('Restore every stream', 'Call Alice, then restore every stream')}\n## On call\n\nBob.\n`;
      await put(file, edited);
      await expect(runRunbook(options, io, loading(contract))).rejects.toThrow(
        'written or edited by hand: "nats-streams: stream-deleted", "On call"',
      );
      expect(await readFile(file, 'utf8')).toBe(edited);
    }));

  it('replaces the sections of a contract that is gone', () =>
    withProject(async ({ io, file }) => {
      const gone = madeUpContract({ facts: { ...contract.facts, name: 'orders' } });
      await runRunbook(options, io, loading(contract, gone));
      await runRunbook(options, io, loading(gone));
      await runRunbook(options, io, loading(contract));
      expect(await readFile(file, 'utf8')).not.toContain('orders');
    }));
});
