import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { affectedContracts } from '../contract/promise-facts.ts';
import { usePlatformFolder } from '../process/platform-folder.ts';
import { drillAffected } from './drill-command.ts';
import type { DrillOptions } from './make-run.ts';
import { type StubIo, stubParts, withStubIo } from './testing/stub-parts.ts';

const shell = promisify(execFile);
const home = process.cwd();
afterEach(() => usePlatformFolder(home));

const git = (folder: string, ...args: string[]) =>
  shell('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: folder });

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text, { mode: 0o755 });
  }
}

const entry = new URL('../index.ts', import.meta.url).href;
const contract = (name: string, script: string) => `import { bucket, contract, versioning } from '${entry}';
contract({ name: '${name}', asset: bucket({ objects: 3 }), rto: '1h', rpo: '0s', priority: 'P1', owner: 'o',
  protectedBy: versioning({ restore: '${script}' }), survives: ['objects-deleted'] });`;

/** Makes a project of two contracts, committed on main, with a branch checked out. */
async function project(stub: StubIo): Promise<string> {
  const folder = stub.io.cwd;
  await rm(join(folder, 'contracts'), { recursive: true });
  await write(folder, {
    'contracts/orders.spec.ts': contract('orders', 'ops/orders.sh'),
    'contracts/invoices.spec.ts': contract('invoices', 'ops/invoices.sh'),
    'ops/orders.sh': '. ./lib.sh',
    'ops/invoices.sh': '',
    'ops/lib.sh': '',
    'readme.md': '',
  });
  await git(folder, 'init', '--quiet', '--initial-branch', 'main');
  await commit(folder, 'base');
  await git(folder, 'checkout', '--quiet', '-b', 'change');
  return folder;
}

async function commit(folder: string, message: string): Promise<void> {
  await git(folder, 'add', '--all');
  await git(folder, 'commit', '--quiet', '-m', message);
}

/** Returns the contracts that would be drilled; undefined for none. */
async function drilled(stub: StubIo, affected: string | true = true, environment: Record<string, string> = {}) {
  let only: readonly string[] | undefined;
  const { parts } = stubParts({
    records: [],
    during: async (options) => {
      only = options.only;
    },
  });
  const options: DrillOptions = { contracts: [], all: false, keep: false, json: true, affected };
  const io = { ...stub.io, environment };
  // A stub drills nothing, which is an error of the run.
  const code = await drillAffected(options, io, parts, affectedContracts).catch((error: unknown) => String(error));
  return { only, code };
}

describe('drill --affected', () => {
  it('drills nothing, and exits 0, when no file of a contract changed', () =>
    withStubIo(async (stub) => {
      const folder = await project(stub);
      await write(folder, { 'readme.md': 'changed' });
      await commit(folder, 'docs');
      expect(await drilled(stub, 'main')).toEqual({ only: undefined, code: 0 });
      expect(stub.stderr()).toContain('none of 2 contracts changed since main: nothing to drill');
    }));

  it.each([
    ['its definition', { 'contracts/orders.spec.ts': `${contract('orders', 'ops/orders.sh')}\n` }, ['orders']],
    ['its script', { 'ops/invoices.sh': 'exit 1' }, ['invoices']],
    ['what its script loads', { 'ops/lib.sh': 'exit 1' }, ['orders']],
    ['the configuration', { 'dr-contracts.config.ts': 'export default {};' }, ['invoices', 'orders']],
  ])('drills a contract when %s changed, committed or not', (_what, files, names) =>
    withStubIo(async (stub) => {
      const folder = await project(stub);
      await write(folder, files);
      expect((await drilled(stub, 'main')).only).toEqual(names);
      await commit(folder, 'change');
      expect((await drilled(stub, 'main')).only).toEqual(names);
      expect((await drilled(stub)).only).toBeUndefined();
    }),
  );

  it('compares with where the branch left the base branch of the pipeline', () =>
    withStubIo(async (stub) => {
      const folder = await project(stub);
      await write(folder, { 'ops/orders.sh': 'exit 1' });
      await commit(folder, 'change');
      await git(folder, 'checkout', '--quiet', 'main');
      await write(folder, { 'ops/invoices.sh': 'exit 1' });
      await commit(folder, 'meanwhile');
      await git(folder, 'checkout', '--quiet', 'change');
      expect((await drilled(stub, true, { GITHUB_BASE_REF: 'main' })).only).toEqual(['orders']);
      expect(stub.stderr()).toMatch(/1 of 2 contracts changed since main \([0-9a-f]{10}\): orders/);
    }));

  it('says which commit it does not know, and fails for a contract that is not valid', () =>
    withStubIo(async (stub) => {
      const folder = await project(stub);
      expect((await drilled(stub, 'gone')).code).toMatch(/--affected gone: expected a commit of this repository/);
      await write(folder, { 'contracts/broken.spec.ts': 'contract(' });
      expect((await drilled(stub, 'main')).code).toMatch(/broken\.spec\.ts/);
    }));
});
