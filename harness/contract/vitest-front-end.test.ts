import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { TestProject } from 'vitest/node';
import { systemClock } from '../clock/clock.ts';
import { openLedgerStore, readLedger } from '../evidence/ledger/ledger-store.ts';
import { never } from '../evidence/ledger/testing/made-up-ledger.ts';
import { collectGarbage } from '../targets/garbage.ts';
import { arrived, notYet, waitFor } from '../wait/wait.ts';
import { setUpRun } from './vitest-setup.ts';

// Real runs of vitest in a foreign project. The contracts use a store in memory, so that no server is started.

const VITEST = resolve('node_modules/vitest/vitest.mjs');
const SETUP = resolve('harness/contract/vitest-target.ts');
const patient = new AbortController().signal;

let folder = '';
const started: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-vitest-'));
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
});
afterEach(async () => {
  // A test that ran out of time leaves a run behind: its leftovers are collected before its folder is removed.
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'close');
    await collectFromScratch();
  }
  await rm(folder, { recursive: true, force: true });
});

async function collectFromScratch(): Promise<void> {
  vi.stubEnv('DR_CONTRACTS_SCRATCH', join(folder, 'scratch'));
  try {
    await collectGarbage();
  } finally {
    vi.unstubAllEnvs();
  }
}

async function write(path: string, text: string): Promise<void> {
  const place = join(folder, path);
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, text);
}

const config = (test: string) => `export default { test: { ${test} } };`;
const OWN = `include: ['contracts/*.spec.ts'], globalSetup: ['${SETUP}']`;

const IMPORTS = `
import { writeFileSync } from 'node:fs';
import { contract } from '${resolve('harness/contract/contract.ts')}';
import { memoryContract, memoryWorld } from '${resolve('harness/drill/testing/memory-asset.ts')}';
import { requireExecutable } from '${resolve('harness/process/named-program.ts')}';
`;
const HANGS = `
  world.procedure.backup = ({ step }) => {
    writeFileSync('began', step.scratchDir);
    return new Promise(() => {});
  };`;

/** Makes a contract whose check looks for a script, as those of the real procedures do. */
const contractNamed = (name: string, { owner = 'tests', more = '' } = {}) => `{
  const world = memoryWorld();
  world.procedure.check = () => requireExecutable('ops/backup.sh', 'backup script');${more}
  const { asset, protectedBy } = memoryContract(world);
  contract({
    name: '${name}', asset, protectedBy, rto: '15m', rpo: '2h', priority: 'P1', owner: '${owner}', survives: ['wiped'],
    detection: { failures: 3, every: '30s' }, decision: '1m',
  });
}
`;
const ONE = IMPORTS + contractNamed('one');

function start(
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
  args: readonly string[] = ['run'],
): { child: ChildProcess; output: () => string } {
  const { CI: _ci, DR_CONTRACTS_TARGET: _target, VITEST: _vitest, ...inherited } = process.env;
  const scratch = join(folder, 'scratch');
  const child = spawn(process.execPath, [VITEST, ...args], {
    cwd: join(folder, cwd),
    env: { ...inherited, NO_COLOR: '1', DR_CONTRACTS_SCRATCH: scratch, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  return { child, output: () => output };
}

async function run(cwd: string, environment: NodeJS.ProcessEnv = {}, args: readonly string[] = ['run']) {
  const { child, output } = start(cwd, environment, args);
  const [exitCode] = await once(child, 'close');
  return { exitCode, output: output() };
}

async function recordsBelow(runs: string): Promise<readonly string[]> {
  const names = await readdir(join(folder, runs), { recursive: true });
  return names.filter((name) => name.endsWith('.json'));
}

describe('vitest as a front end', { timeout: 1_800_000 }, () => {
  it('B6, E02, E05: takes everything from the project of the contracts, and touches nothing of the user, when started above it', async () => {
    await write('vitest.config.ts', config("projects: ['packages/*']"));
    await write('packages/dr/vitest.config.ts', config(OWN));
    await write('packages/dr/dr-contracts.config.ts', "export default { platform: '../infra', out: 'records' };");
    await write('packages/dr/contracts/one.spec.ts', ONE);
    await write('packages/infra/ops/backup.sh', '#!/bin/sh\n');
    await write('packages/infra/vitest.config.ts', config("include: ['none'], passWithNoTests: true"));
    await chmod(join(folder, 'packages/infra/ops/backup.sh'), 0o755);
    const kept = ['reports/tests/evidence.txt', 'packages/dr/reports/tests/junit.xml', 'packages/dr/records/mine.txt'];
    for (const path of kept) await write(path, 'of the user');
    const { exitCode, output } = await run('.');
    expect(output).toContain('passed');
    expect(exitCode, output).toBe(0);
    for (const path of kept) expect(await readFile(join(folder, path), 'utf8')).toBe('of the user');
    expect(
      (await recordsBelow('packages/dr/records/vitest/runs')).filter((name) => name.includes('/drills/')),
    ).toHaveLength(1);
    const entries = Array.fromAsync(readLedger(await openLedgerStore('packages/dr/records/ledger', folder), never));
    expect((await entries).map(({ body }) => body)).toMatchObject([
      { kind: 'run-started', command: 'vitest', promises: [{ contract: 'one' }] },
      { kind: 'drill' },
      { kind: 'run-finished', run: { summary: { drills: 1 } } },
    ]);
    expect(await readdir(join(folder, 'scratch'))).toEqual([]);
  });

  it('a contract that is not well formed, or names a script that is not there (E22), fails alone', async () => {
    await write('vitest.config.ts', config(OWN));
    await write('contracts/a.spec.ts', IMPORTS + contractNamed('bad', { owner: '' }) + contractNamed('good'));
    const { exitCode, output } = await run('.');
    expect(exitCode).toBe(1);
    expect(output).toMatch(/contract "bad" in contracts\/a\.spec\.ts: .*owner/);
    expect(output).toMatch(/backup script ops\/backup\.sh: expected a file, but there is none at that path/);
    expect(output).not.toContain('breached');
  });

  it('E27: the command of docs/api.md lists the tests of a contract, which are known once its file runs', async () => {
    await write('vitest.config.ts', config(OWN));
    await write('contracts/one.spec.ts', ONE);
    const [, command = ''] = /`npx vitest (list [^`]+)`/.exec(await readFile(resolve('docs/api.md'), 'utf8')) ?? [];
    expect(command).toMatch(/^list /);
    const { exitCode, output } = await run('.', {}, command.split(' '));
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/^contracts\/one\.spec\.ts > one/m);
  });

  it('E03: a contract that neither vitest nor the configuration reads keeps a run from passing', async () => {
    await write('vitest.config.ts', config(OWN));
    await write('contracts/one.spec.ts', ONE);
    await write('ops/backup.sh', '#!/bin/sh\n');
    await chmod(join(folder, 'ops/backup.sh'), 0o755);
    await write('contracts/payments.spec.mjs', "import { contract } from 'dr-contracts';\ncontract({});\n");
    const { exitCode, output } = await run('.');
    expect(exitCode).toBe(1);
    expect(output).toContain('contracts/payments.spec.mjs: expected a name that the configuration reads');
  });

  it('E17: what a drill that was interrupted wrote lies in its session, and is collected with it', async () => {
    await write('vitest.config.ts', config(OWN));
    await write('contracts/one.spec.ts', IMPORTS + contractNamed('one', { more: HANGS }));
    await write('ops/backup.sh', '#!/bin/sh\n');
    await chmod(join(folder, 'ops/backup.sh'), 0o755);
    const { child, output } = start('.');
    const scratchDir = await waitFor(
      {
        for: 'the backup to begin',
        budgetMs: 300_000,
        intervalMs: 50,
        look: async () => {
          const text = await readFile(join(folder, 'began'), 'utf8').catch(() => '');
          return text === '' ? notYet(output().slice(-300)) : arrived(text);
        },
      },
      systemClock,
      patient,
    );
    expect(scratchDir.startsWith(join(folder, 'scratch'))).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'close');
    await collectFromScratch();
    expect(await readdir(join(folder, 'scratch'))).toEqual([]);
  });

  it('a posture names a capability that a provider of the configuration supplies', async () => {
    await write(
      'dr-contracts.config.mjs',
      "export default { providers: [{ capability: 'words', needs: [], suppliedBy: { local: { tools: [] } }, typicalDrillS: 1 }] };",
    );
    await write('vitest.config.mjs', config(OWN));
    const promise = `{
      promise: 'words are there', name: 'words', needs: [], budgetMs: 1000,
      observe: async () => ({ kind: 'comparison', of: 'words', compared: 1, differences: [] }),
    }`;
    const stated = (name: string, need: string) =>
      `posture({ name: '${name}', owner: 'tests', needs: ['${need}'], checks: [${promise}] });`;
    const from = `import { posture } from '${resolve('harness/contract/contract.ts')}';`;
    await write('contracts/words.spec.ts', `${from}\n${stated('spelt', 'words')}\n${stated('misspelt', 'wrods')}`);
    const { output } = await run('.');
    expect(output).not.toMatch(/posture "spelt".*needs/);
    expect(output).toMatch(/posture "misspelt" in contracts\/words\.spec\.ts: .*needs/);
  });

  it('E23: without the global set-up it says what is missing, and where', async () => {
    await write('vitest.config.ts', config("include: ['contracts/*.spec.ts']"));
    await write('contracts/one.spec.ts', ONE);
    const { exitCode, output } = await run('.');
    expect(exitCode).toBe(1);
    expect(output).toContain("vitest.config.ts: expected globalSetup: ['dr-contracts/vitest']");
    expect(output).not.toContain('TypeError');
  });

  it('B24: refuses a target that there is not', async () => {
    await write('vitest.config.ts', config(OWN));
    await write('contracts/one.spec.ts', ONE);
    const { exitCode, output } = await run('.', { DR_CONTRACTS_TARGET: 'dockr' });
    expect(exitCode).toBe(1);
    expect(output).toMatch(/DR_CONTRACTS_TARGET: expected one of auto, local, docker, but it is "dockr"/);
  });

  it('B24: a set-up that fails after the target has started stops it again', async () => {
    await write('vitest.config.ts', config(OWN));
    await write('contracts/one.spec.ts', ONE);
    await write('reports/vitest/latest/run.json', '"not ours"');
    vi.stubEnv('DR_CONTRACTS_SCRATCH', join(folder, 'scratch'));
    onTestFinished(() => void vi.unstubAllEnvs());
    const globTestFiles = async () => ({ testFiles: [] });
    const vitest = { projects: [], config: {} };
    const project = { config: { root: folder, maxWorkers: 1 }, vitest, globTestFiles, provide: () => undefined };
    // In this process: the exit of a process would remove the leftovers of a set-up.
    const settingUp = setUpRun(project as unknown as TestProject, { everything: false });
    await expect(settingUp).rejects.toThrow('latest/run.json: expected a run record');
    expect(await readdir(join(folder, 'scratch'))).toEqual([]);
  });
});
