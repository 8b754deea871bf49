import { appendFile, chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { QUIET, searchPath } from './packed.ts';
import { type RanJob, runJob } from './run-job.ts';

// Executes the workflow that `init` writes in a scratch repository that has installed the packed file. The remote is a repository beside
// it.

const WORKFLOW = '.github/workflows/disaster-recovery.yml';
const BACKUP = 'ops/nats-backup.sh';

let home: string;
let origin: string;

const environment = {
  PATH: [dirname(process.execPath), ...searchPath].join(delimiter),
  HOME: process.env['HOME'] ?? '',
  NO_COLOR: '1',
  npm_config_prefer_offline: 'true',
};
const run = (file: string, args: readonly string[], cwd: string) =>
  execa(file, args, { cwd, env: environment, extendEnv: false, stdin: 'ignore', all: true });
const git = async (cwd: string, ...args: string[]) =>
  (await run('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], cwd)).stdout;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'dr-contracts-pipeline-'));
  const { tarball } = inject('packed');
  const project = join(home, 'project');
  await mkdir(join(project, 'vendor'), { recursive: true });
  await cp(tarball, join(project, 'vendor', basename(tarball)));
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  await run('npm', ['install', '--save-dev', ...QUIET, `./vendor/${basename(tarball)}`], project);
  await run('npx', ['dr-contracts', 'init', '--ci', 'github', '--yes'], project);
  await git(project, 'init', '--quiet', '--initial-branch', 'main');
  await commit(project);
  await branch(project, 'harmless', (folder) => appendFile(join(folder, BACKUP), '\n# Nothing else.\n'));
  await branch(project, 'broken', (folder) => breakBackup(join(folder, BACKUP)));
  await branch(project, 'documents', (folder) => writeFile(join(folder, 'notes.md'), 'Notes.\n'));
  origin = join(home, 'origin.git');
  await git(home, 'clone', '--quiet', '--bare', project, origin);
});

afterAll(() => rm(home, { recursive: true, force: true }));

async function commit(folder: string): Promise<void> {
  await git(folder, 'add', '--all');
  await git(folder, 'commit', '--quiet', '--message', 'Change');
}

async function branch(folder: string, name: string, change: (folder: string) => Promise<void>): Promise<void> {
  await git(folder, 'checkout', '--quiet', '-b', name, 'main');
  await change(folder);
  await commit(folder);
  await git(folder, 'checkout', '--quiet', 'main');
}

/** Makes it end early and report success, like scripts whose errors are hidden. */
async function breakBackup(script: string): Promise<void> {
  const [first = '', ...rest] = (await readFile(script, 'utf8')).split('\n');
  await writeFile(script, [first, 'exit 0', ...rest].join('\n'));
}

/** Runs one job on a new machine: a separate clone, as `actions/checkout` with the whole history leaves it. */
async function jobOn(
  name: string,
  event: 'pull_request' | 'schedule',
  { as = name, programs }: { readonly as?: string; readonly programs?: string } = {},
): Promise<RanJob> {
  const checkout = join(home, `on-${as}`);
  await git(home, 'clone', '--quiet', '--no-checkout', origin, checkout);
  await git(checkout, 'checkout', '--quiet', '--detach', `origin/${name}`);
  const forPullRequest = { GITHUB_BASE_REF: 'main', GITHUB_HEAD_REF: name };
  return await runJob({
    workflow: WORKFLOW,
    job: event === 'pull_request' ? 'gate' : 'everything',
    checkout,
    runnerFolder: join(home, `runner-of-${as}`),
    environment: {
      ...environment,
      PATH: [...(programs === undefined ? [] : [programs]), environment.PATH].join(delimiter),
      GITHUB_EVENT_NAME: event,
      GITHUB_RUN_ID: '1',
      GITHUB_SHA: await git(checkout, 'rev-parse', 'HEAD'),
      ...(event === 'pull_request' ? forPullRequest : {}),
    },
  });
}

/** Makes a folder with an `npx` that ends `drill` with an exit code, and is the real one for everything else. */
async function npxWhoseDrillEndsWith(code: number): Promise<string> {
  const folder = join(home, `npx-${code}`);
  await mkdir(folder, { recursive: true });
  const { stdout: real } = await run('which', ['npx'], home);
  const npx = join(folder, 'npx');
  await writeFile(npx, `#!/bin/sh\n[ "$2" != drill ] || exit ${code}\nexec '${real}' "$@"\n`);
  await chmod(npx, 0o755);
  return folder;
}

const toldBy = ({ steps }: RanJob) => steps.map(({ name, exitCode, output }) => `==== ${name}: ${exitCode}\n${output}`);

describe('the workflow that init writes', () => {
  it('drills everything at night, keeps the ledger on its branch, publishes the page and the compliance report, and passes', async () => {
    const job = await jobOn('main', 'schedule');
    expect(job.exitCode, toldBy(job).join('\n')).toBe(0);
    expect(job.summary).toMatch(/^## Disaster recovery: PASS: the promise may be promoted/);
    expect(job.published).toContain('reports/latest/report.html');
    expect(job.published).toContainEqual(expect.stringMatching(/^reports\/compliance-.*\.html$/));
    expect((await git(origin, 'ls-tree', '--name-only', 'dr-ledger')).split('\n')).toHaveLength(4);
  });

  it('drills a pull request that changes a script, and passes', async () => {
    const job = await jobOn('harmless', 'pull_request');
    expect(job.exitCode, toldBy(job).join('\n')).toBe(0);
    expect(job.summary).toContain('PASS: the promise may be promoted');
    expect(job.summary).toMatch(/Policy: dr-gate\.ts on origin\/main \([0-9a-f]{10}\)/);
    // All programs are in the cache. LocalStack runs with a Python.
    expect(job.actions).not.toContainEqual(expect.stringMatching(/^actions\/setup-go@/));
    expect(job.actions).toContainEqual(expect.stringMatching(/^actions\/setup-python@/));
    const { output = '' } = job.steps.find(({ name }) => name === 'Drill what changed') ?? {};
    expect(output).toMatch(/1 of 1 contract changed since origin\/main \([0-9a-f]{10}\): orders/);
  });

  it('ends with 1 for a pull request that breaks the backup script; the summary names contract and finding, and the reports are published', async () => {
    const job = await jobOn('broken', 'pull_request');
    expect(job.exitCode, toldBy(job).join('\n')).toBe(1);
    expect(job.steps.find(({ name }) => name === 'Gate')).toMatchObject({ exitCode: 1 });
    const page = await readFile(join(home, 'on-broken', 'reports/latest/report.html'), 'utf8');
    expect(page).toContain('Of 1 contract, 0 may pass, 0 are waived, 1 blocks.');
    expect(job.summary).toContain('BLOCKED: 1 of 1 promise may not be promoted');
    expect(job.summary).toMatch(
      /\| orders › stream-deleted \| breached \(content, .*the script exited 0 and left nothing there/,
    );
    expect(job.published).toContain('reports/latest/run.json');
    expect(await git(origin, 'log', '--format=%s', 'dr-ledger')).toBe('Append the run 1\nBegin the ledger');
  });

  it('drills nothing for a pull request that changes no contract, and passes by the ledger of main', async () => {
    const job = await jobOn('documents', 'pull_request');
    expect(job.exitCode, toldBy(job).join('\n')).toBe(0);
    expect(job.steps.find(({ name }) => name === 'Drill what changed')?.output).toContain('nothing to drill');
    expect(job.summary).toContain('PASS: the promise may be promoted');
  });

  it.each([64, 70, 137])('fails at once where the drill ends with %d, and asks no gate', async (code) => {
    const programs = await npxWhoseDrillEndsWith(code);
    const job = await jobOn('harmless', 'pull_request', { as: `drill-ended-with-${code}`, programs });
    expect(job.exitCode, toldBy(job).join('\n')).toBe(code);
    const { output = '' } = job.steps.find(({ name }) => name === 'Drill what changed') ?? {};
    expect(output).toContain(`::error title=The drill failed::The drill ended with exit code ${code}`);
    expect(job.steps.map(({ name }) => name)).not.toContain('Gate');
  });

  it('keeps the ledger of a nightly run that broke off, and fails', async () => {
    const before = await git(origin, 'rev-list', '--count', 'dr-ledger');
    const programs = await npxWhoseDrillEndsWith(70);
    const job = await jobOn('main', 'schedule', { as: 'night-that-broke-off', programs });
    expect(job.exitCode, toldBy(job).join('\n')).toBe(70);
    expect(Number(await git(origin, 'rev-list', '--count', 'dr-ledger'))).toBe(Number(before) + 1);
    expect(job.steps.map(({ name }) => name)).not.toContain('Gate');
  });
});
