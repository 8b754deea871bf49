import { access, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { QUIET } from './packed.ts';
import { rootFolder } from './places.ts';
import { NEWEST, OLDEST, obtainNode, onNode, type RunIn, TOO_OLD, verdictsIn } from './stranger.ts';

// Tests the package as a user has it: from here on, the packed file is the only access to the source tree.

const namesSchema = z.record(z.string(), z.string());
const manifestSchema = z.object({ dependencies: namesSchema, peerDependencies: namesSchema });
const doctorSchema = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), found: z.string() })),
});

/** Size limit of the tarball of the harness alone: no fixtures, no tests, no duplicates. A third of it is checksums of lock files. */
const MOST_PACKED_BYTES = 1_500_000;

const packed = inject('packed');
let folder: string;
let home: string;
/** By version. */
const nodes = new Map<string, RunIn>();

const runOn = async (version: string, file: string, args: readonly string[], cwd = folder) => {
  const run = nodes.get(version);
  if (run === undefined) throw new Error(`Node ${version} was not obtained`);
  return await run(cwd, file, args);
};
const run = (file: string, args: readonly string[], cwd = folder) => runOn(NEWEST, file, args, cwd);

const install = async (what: readonly string[], cwd = folder) => {
  const { exitCode, all } = await run('npm', ['install', '--save-dev', ...QUIET, ...what], cwd);
  expect(exitCode, all).toBe(0);
};

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'dr-contracts-tarball-'));
  for (const version of [OLDEST, NEWEST, TOO_OLD]) nodes.set(version, onNode(await obtainNode(home, version)));
  folder = join(home, 'project');
  await mkdir(folder);
  await install([packed.tarball]);
});

afterAll(() => rm(home, { recursive: true, force: true }));

describe('the packed tarball', () => {
  it('carries the compiled harness, its locks, templates and pages, and no test, bench or source', () => {
    const paths = packed.files.map(({ path: file }) => file);
    for (const wanted of [
      'bin/dr-contracts.mjs',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/spi.js',
      'dist/spi.d.ts',
      'dist/conformance/suite.js',
      'dist/conformance/suite.d.ts',
      'docs/extend.md',
      'dist/posture/cost/aws-s3-prices.json',
      'dist/toolchain/go/nats/go.sum',
      'dist/toolchain/go/coredns/main.go',
      'dist/toolchain/python/requirements.txt',
      'dist/toolchain/python/collect_aws.py',
      'templates/disaster-recovery.github.yml',
      'templates/disaster-recovery.gitlab-ci.yml',
      'templates/argo/pre-sync-job.yaml',
      'templates/argo/rollouts-analysis.yaml',
      'templates/dr-contracts.Dockerfile',
      'templates/dr-gate.ts.txt',
      'templates/dr-policy.md',
      'templates/dr-waivers.yaml',
      'fixtures/platform/scripts/nats-backup.sh',
      'fixtures/platform/scripts/nats-restore.sh',
      'reports/schema/run.schema.json',
      'reports/schema/gate.schema.json',
      'reports/schema/ledger-entry.schema.json',
      'reports/schema/waivers.schema.json',
      'docs/api.md',
      'README.md',
      'LICENSE',
    ]) {
      expect(paths).toContain(wanted);
    }
    const unwanted = paths.filter(
      (file) => /\.(test|trial)\.|\/(bench|testing)\//.test(file) || (/\.ts$/.test(file) && !/\.d\.ts$/.test(file)),
    );
    expect(unwanted).toEqual([]);
    expect(packed.size).toBeLessThan(MOST_PACKED_BYTES);
  });

  it('leaves the source tree as it was', async () => {
    expect(await readdir(rootFolder)).not.toContain('dist');
    const manifest = JSON.parse(await readFile(join(rootFolder, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({ exports: { '.': './harness/index.ts' } });
  });
});

describe('in an empty folder that has installed it', () => {
  it('every package that the harness imports comes along, or is an optional peer', async () => {
    const inside = join(folder, 'node_modules/dr-contracts');
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(inside, 'package.json'), 'utf8')));
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    const imported = new Set<string>();
    for (const { path: file } of packed.files.filter(({ path: each }) => each.endsWith('.js'))) {
      const text = await readFile(join(inside, file), 'utf8');
      const bare = /(?:from|import) ?\(?'((?:@[\w-]+\/)?[\w-]+)[\w/.-]*'/g;
      for (const [, name = ''] of text.matchAll(bare)) imported.add(name);
    }
    expect(imported.size).toBeGreaterThan(10);
    expect([...imported].filter((name) => name !== 'dr-contracts' && !declared.includes(name))).toEqual([]);
  });

  it('every file that the harness reads from beside its code comes along', async () => {
    const inside = join(folder, 'node_modules/dr-contracts');
    const beside: string[] = [];
    for (const { path: file } of packed.files.filter(({ path: each }) => each.endsWith('.js'))) {
      const text = await readFile(join(inside, file), 'utf8');
      const named = text.matchAll(/new URL\('(\.[^']*)', import\.meta\.url\)/g);
      beside.push(...[...named].map(([, name = '']) => join(inside, dirname(file), name)));
    }
    expect(beside.length).toBeGreaterThan(1);
    for (const path of beside) await access(path);
  });

  it('init writes a project', async () => {
    const { exitCode, all } = await run('npx', ['dr-contracts', 'init', '--owner', 'messaging']);
    expect(exitCode, all).toBe(0);
    expect(all).toContain('contracts/orders.spec.mts');
  });

  it('its files compile against the types of the package, whose declarations are sound', async () => {
    const compile = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
    const tsc = join(rootFolder, 'node_modules/.bin/tsc');
    const files = ['dr-contracts.config.mts', 'dr-gate.mts', 'contracts/orders.spec.mts'];
    const { exitCode, all } = await run(process.execPath, [tsc, ...compile, ...files]);
    expect(exitCode, all).toBe(0);
    await writeFile(join(folder, 'wrong.mts'), "import { contract } from 'dr-contracts';\ncontract({ nam: 'x' });\n");
    const wrong = await run(process.execPath, [tsc, ...compile, 'wrong.mts']);
    await rm(join(folder, 'wrong.mts'));
    expect(wrong.all).toMatch(/'nam' does not exist in type 'ContractDefinition\b/);
  });

  it.each([OLDEST, NEWEST])('doctor finds everything on Node %s, and runs on that very Node', async (version) => {
    const { stdout, exitCode } = await runOn(version, 'npx', ['dr-contracts', 'doctor', '--json']);
    const { ready, checks } = doctorSchema.parse(JSON.parse(stdout));
    expect({ ready, exitCode }, stdout).toEqual({ ready: true, exitCode: 0 });
    expect(checks.find(({ name }) => name === 'node')?.found).toBe(version);
  });

  it.each([OLDEST, NEWEST])(
    'the first drill is met on Node %s, by the npm script that init wrote, without a build step',
    async (version) => {
      const { exitCode, all } = await runOn(version, 'npm', ['run', '--silent', 'drill', '--', '--target', 'local']);
      expect(exitCode, all).toBe(0);
      expect(all).not.toContain('ExperimentalWarning');
      expect(await verdictsIn(folder)).toEqual(['met', 'met']);
    },
  );

  it('the demo runs out of the tarball, and its files came along', async () => {
    const { exitCode, all } = await runOn(OLDEST, 'npx', ['dr-contracts', 'demo']);
    expect(exitCode, all).toBe(0);
    expect(all).toMatch(/Backup complete/);
  });

  it('E06: npm scripts run on the same Node as before', async () => {
    for (const version of [TOO_OLD, OLDEST]) {
      const { stdout } = await runOn(version, 'npm', ['exec', '--call', 'node -p process.versions.node']);
      expect(stdout.trim()).toBe(version);
    }
  });

  it.each([
    ['the command', ['node_modules/dr-contracts/bin/dr-contracts.mjs', 'list']],
    ['the library', ['--eval', "import('dr-contracts')"]],
    ['the entry for plug-ins', ['--eval', "import('dr-contracts/spi')"]],
    ['the entry for vitest', ['--eval', "import('dr-contracts/vitest')"]],
  ])('E09: %s says at once that Node is too old, and which one is needed', async (_what, args) => {
    const { exitCode, all } = await runOn(TOO_OLD, 'node', args);
    expect(exitCode).not.toBe(0);
    expect(all).toContain(`dr-contracts: Node.js: expected ${OLDEST} or newer, but this is ${TOO_OLD}`);
  });
});

describe('a fresh clone', () => {
  it('is installed by npm ci on an older Node without a warning: its scripts run on the Node that npm ci brings', async () => {
    const clone = join(home, 'clone');
    for (const path of ['package.json', 'package-lock.json', '.npmrc', 'packaging/development-node/package.json']) {
      await cp(join(rootFolder, path), join(clone, path));
    }
    const { exitCode, all } = await runOn(TOO_OLD, 'npm', ['ci', '--dry-run', '--prefer-offline'], clone);
    expect(exitCode, all).toBe(0);
    expect(all).toMatch(/added \d+ packages/);
    expect(all).not.toMatch(/EBADENGINE|npm warn/);
  });
});

describe('the compiled code', () => {
  it('uses nothing at run time that the oldest supported Node lacks', async () => {
    const newer =
      /\bnew (?:Async)?DisposableStack\b|\b(?:RegExp\.escape|Error\.isError|Promise\.try|Math\.sumPrecise)\(/;
    const inside = join(folder, 'node_modules/dr-contracts');
    const using: string[] = [];
    for (const { path: file } of packed.files.filter(({ path: each }) => each.endsWith('.js'))) {
      if (newer.test(await readFile(join(inside, file), 'utf8'))) using.push(file);
    }
    expect(using).toEqual([]);
  });
});
