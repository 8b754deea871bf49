import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { rootFolder } from './places.ts';

// What somebody has who installs the package: nothing of the source tree is reached from here on but the packed file.

const packedSchema = z.object({
  filename: z.string(),
  size: z.number(),
  files: z.array(z.object({ path: z.string() })),
});
const namesSchema = z.record(z.string(), z.string());
const manifestSchema = z.object({ dependencies: namesSchema, peerDependencies: namesSchema });
const runSchema = z.object({ drills: z.array(z.object({ judgement: z.object({ verdict: z.string() }) })).min(1) });
const doctorSchema = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), from: z.string() })),
});

/** The tarball of the harness alone: no fixtures, no tests, no second copy of anything. */
const MOST_PACKED_BYTES = 1_000_000;

let folder: string;
let packed: z.output<typeof packedSchema>;
let sourceBefore: unknown;

/** The source tree's manifest, and its folders and files of the first level. */
const sourceTree = async () => ({
  manifest: await readFile(join(rootFolder, 'package.json'), 'utf8'),
  entries: await readdir(rootFolder),
});

/** As on a machine of somebody else: npm scripts of the source tree put its own programs first on PATH. */
const searchPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((part) => !part.includes('node_modules'))
  .join(delimiter);
const run = (file: string, args: readonly string[], cwd = folder) =>
  execa(file, args, {
    cwd,
    reject: false,
    stdin: 'ignore',
    all: true,
    env: { PATH: searchPath, NO_COLOR: '1', CI: '' },
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-tarball-'));
  sourceBefore = await sourceTree();
  const args = ['packaging/pack.ts', '--json', '--silent', '--pack-destination', folder];
  const { stdout } = await execa(process.execPath, args, { cwd: rootFolder, stderr: 'inherit' });
  [packed] = z.tuple([packedSchema]).parse(JSON.parse(stdout));
  await mkdir(join(folder, 'project'));
  const file = join(folder, packed.filename);
  folder = join(folder, 'project');
  // Without install scripts, as npm does it from release 12 on: nothing that the package needs depends on one.
  const install = ['install', '--save-dev', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', file];
  const installed = await run('npm', install);
  expect(installed, installed.all).toMatchObject({ exitCode: 0 });
});

afterAll(() => rm(join(folder, '..'), { recursive: true, force: true }));

describe('the packed tarball', () => {
  it('carries the compiled harness, its locks, templates and pages, and no test, bench or source', () => {
    const paths = packed.files.map(({ path: file }) => file);
    for (const wanted of [
      'bin/dr-contracts.mjs',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/toolchain/go/nats/go.sum',
      'dist/toolchain/python/requirements.txt',
      'templates/disaster-recovery.yml',
      'fixtures/platform/scripts/nats-backup.sh',
      'fixtures/platform/scripts/nats-restore.sh',
      'reports/schema/run.schema.json',
      'docs/api.md',
      'README.md',
      'LICENSE',
    ]) {
      expect(paths).toContain(wanted);
    }
    const unwanted = paths.filter(
      (file) => /\b(test|trial|bench|testing)\b/.test(file) || (/\.ts$/.test(file) && !/\.d\.ts$/.test(file)),
    );
    expect(unwanted).toEqual([]);
    expect(packed.size).toBeLessThan(MOST_PACKED_BYTES);
  });

  it('leaves the source tree as it was', async () => {
    expect(await sourceTree()).toEqual(sourceBefore);
  });

  it('is not what `npm pack` makes of the source tree: npm is told to refuse', async () => {
    const { exitCode, all } = await run('npm', ['pack', '--pack-destination', folder], rootFolder);
    expect(exitCode).not.toBe(0);
    expect(all).toContain('npm run pack');
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
    const files = ['dr-contracts.config.mts', 'contracts/orders.spec.mts'];
    const { exitCode, all } = await run(process.execPath, [tsc, ...compile, ...files]);
    expect(exitCode, all).toBe(0);
    await writeFile(join(folder, 'wrong.mts'), "import { contract } from 'dr-contracts';\ncontract({ nam: 'x' });\n");
    const wrong = await run(process.execPath, [tsc, ...compile, 'wrong.mts']);
    await rm(join(folder, 'wrong.mts'));
    expect(wrong.all).toMatch(/'nam' does not exist in type 'ContractDefinition'/);
  });

  it('doctor finds everything, with the Node that came along where the machine has an older one', async () => {
    const { stdout, exitCode } = await run('npx', ['dr-contracts', 'doctor', '--json']);
    const { ready, checks } = doctorSchema.parse(JSON.parse(stdout));
    expect({ ready, exitCode }, stdout).toEqual({ ready: true, exitCode: 0 });
    const major = Number((await run('node', ['--version'])).stdout.replace(/^v(\d+).*/, '$1'));
    const node = checks.find(({ name }) => name === 'node')?.from;
    if (major < 24) expect(node).toContain(join(folder, 'node_modules'));
  });

  it('the first drill is met, by the npm script that init wrote, without a build step', async () => {
    const { exitCode, all } = await run('npm', ['run', '--silent', 'drill', '--', '--target', 'local']);
    expect(exitCode, all).toBe(0);
    const { drills } = runSchema.parse(JSON.parse(await readFile(join(folder, 'reports/latest/run.json'), 'utf8')));
    expect(drills.map(({ judgement }) => judgement.verdict)).toEqual(['met', 'met']);
  });
});
