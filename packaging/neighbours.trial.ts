import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { QUIET } from './packed.ts';
import {
  OLDEST,
  obtainNode,
  onNode,
  onThisNode,
  type RunIn,
  VITE,
  VITEST,
  VITEST_CONFIG,
  verdictsIn,
} from './stranger.ts';

// Existing projects: with a Vitest of their own, as a workspace of a monorepo, of CommonJS.

const { tarball } = inject('packed');

let home: string;
let onOldest: RunIn;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'dr-contracts-neighbours-'));
  onOldest = onNode(await obtainNode(home, OLDEST));
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** Makes a project that already has `packages`, and then installs this one as its README says. */
async function projectWith(manifest: object, packages: readonly string[], name: string): Promise<string> {
  const project = join(home, name);
  await mkdir(project, { recursive: true });
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
  for (const each of [packages, [tarball]]) {
    if (each.length === 0) continue;
    const { exitCode, all } = await onOldest(project, 'npm', ['install', '--save-dev', ...QUIET, ...each]);
    expect(exitCode, all).toBe(0);
    expect(all).not.toMatch(/ERESOLVE|EBADENGINE/);
  }
  return project;
}

async function passes(running: ReturnType<RunIn>): Promise<string> {
  const { exitCode, all } = await running;
  expect(exitCode, all).toBe(0);
  return all;
}

describe('in a project that has a Vitest', () => {
  it.each([
    { version: '3.2.4', vite: 'vite@7.1.0', run: () => onOldest, list: [] },
    { version: '4.1.0', vite: 'vite@7.1.0', run: () => onThisNode, list: [] },
    // E27: Vitest 5 lists the tests in the text of a file, unless it is told to run the file.
    { version: VITEST.split('@')[1], vite: VITE, run: () => onOldest, list: ['list', '--no-static-parse'] },
  ])('E07, E27: it installs beside Vitest $version, which runs its contracts', async (each) => {
    const { version, vite, list } = each;
    const run = each.run();
    const project = await projectWith({ type: 'module' }, [`vitest@${version}`, vite], `vitest-${version}`);
    await passes(run(project, 'npx', ['dr-contracts', 'init', '--yes', '--ci', 'none']));
    await writeFile(join(project, 'vitest.config.ts'), VITEST_CONFIG);
    if (list.length > 0) {
      const listed = await passes(run(project, 'npx', ['vitest', ...list]));
      expect(listed.match(/^contracts\/orders\.spec\.ts > orders survives /gm)).toHaveLength(12);
    }
    expect(await passes(run(project, 'npx', ['vitest', 'run']))).toMatch(/Tests +12 passed/);
  });
});

describe('in a workspace of a monorepo', () => {
  let root: string;
  const workspace = () => join(root, 'packages/dr');

  beforeAll(async () => {
    const packages = join(home, 'monorepo/packages');
    await mkdir(join(packages, 'dr'), { recursive: true });
    await writeFile(join(packages, 'dr/package.json'), '{ "name": "@acme/dr", "version": "1.0.0", "type": "module" }');
    await mkdir(join(packages, 'shop'));
    await writeFile(join(packages, 'shop/package.json'), '{ "name": "@acme/shop", "version": "1.0.0" }');
    await mkdir(join(packages, '../.git'));
    root = join(home, 'monorepo');
    await writeFile(join(root, 'package.json'), '{ "name": "acme", "private": true, "workspaces": ["packages/*"] }');
    for (const args of [
      [VITEST, VITE],
      ['--workspace', '@acme/dr', tarball],
    ]) {
      await passes(onThisNode(root, 'npm', ['install', '--save-dev', ...QUIET, ...args]));
    }
    await passes(onOldest(workspace(), 'npx', ['dr-contracts', 'init', '--yes', '--ci', 'github']));
  });

  it('E11: has its pipeline in the root of the repository', async () => {
    const workflow = await readFile(join(root, '.github/workflows/disaster-recovery.yml'), 'utf8');
    expect(workflow).toContain('working-directory: packages/dr');
    await expect(stat(join(workspace(), '.github'))).rejects.toThrow('ENOENT');
  });

  it('is listed and drilled from the root, and writes into the workspace', async () => {
    const config = ['--config', 'packages/dr/dr-contracts.config.ts'];
    expect(await passes(onOldest(root, 'npx', ['dr-contracts', 'list', ...config]))).toContain('orders');
    await passes(onOldest(root, 'npm', ['run', 'drill', '--workspace', '@acme/dr', '--', '--target', 'local']));
    expect(await verdictsIn(workspace())).toEqual(['met', 'met']);
  });

  it('E05: is tested by a Vitest that runs in the root', async () => {
    await writeFile(join(workspace(), 'vitest.config.ts'), VITEST_CONFIG);
    await writeFile(join(root, 'vitest.config.mts'), "export default { test: { projects: ['packages/dr'] } };\n");
    expect(await passes(onOldest(root, 'npx', ['vitest', 'run']))).toMatch(/Tests +12 passed/);
  });
});

describe('in a project of CommonJS', () => {
  let project: string;
  const command = (...args: readonly string[]) => onOldest(project, 'npx', ['dr-contracts', ...args]);
  const written = () => join(project, 'contracts/orders.spec.mts');

  beforeAll(async () => {
    project = await projectWith({ type: 'commonjs' }, [], 'commonjs');
    await passes(command('init', '--yes', '--ci', 'none'));
  });

  it('E03: a contract whose name the configuration does not read is never green', async () => {
    const misnamed = join(project, 'contracts/payments.spec.ts');
    const text = (await readFile(written(), 'utf8')).replace("name: 'orders'", "name: 'payments'");
    await writeFile(misnamed, text);
    for (const args of [['list'], ['drill', '--target', 'local']]) {
      const { exitCode, all } = await command(...args);
      expect(exitCode, all).toBe(2);
      expect(all).toContain('Rename it to payments.spec.mts');
    }
    expect(await verdictsIn(project)).toEqual(['met', 'met']);
    await rename(misnamed, join(project, 'contracts/payments.spec.mts'));
    expect(await passes(command('list'))).toMatch(/payments\/server-lost/);
  });
});
