import { glob, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { platformPath, usePlatformFolder } from '../process/platform-folder.ts';
import { openProject, prepareRun } from './prepare-run.ts';

const home = process.cwd();
let folder = '';
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'dr-contracts-project-')));
});
afterEach(async () => {
  usePlatformFolder(home);
  await rm(folder, { recursive: true, force: true });
});

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

const filesIn = async (root: string, configFile?: string) =>
  (await (await prepareRun({ root, configFile })).contractFiles()).files;

describe('a prepared run', () => {
  it('without a configuration reads contracts/, and names paths from the folder that the front end says', async () => {
    const one = await write('contracts/one.spec.ts', '');
    expect(await filesIn(folder)).toEqual([one]);
    expect(await prepareRun({ root: folder })).toMatchObject({
      outDir: join(folder, 'reports'),
      keepRuns: 10,
      jobs: undefined,
      tuning: { serviceBudgetMs: 60_000 },
    });
    expect(platformPath('ops/backup.sh')).toBe(join(folder, 'ops/backup.sh'));
  });

  it('B6: takes platform, out, target, jobs, keepRuns and serviceBudget from the configuration', async () => {
    await mkdir(join(folder, 'infra'));
    const one = await write('dr/one.spec.ts', '');
    await write('contracts/other.spec.ts', '');
    await write('dr/node_modules/x/other.spec.ts', '');
    await write(
      'dr-contracts.config.ts',
      `export default { contracts: ['dr/*.spec.ts', 'dr/**'], platform: 'infra', out: 'o', target: 'local', jobs: 1, keepRuns: 3, serviceBudget: '2m' };`,
    );
    expect(await filesIn(folder)).toEqual([one]);
    const fromConfiguration = {
      target: 'local',
      jobs: 1,
      keepRuns: 3,
      outDir: join(folder, 'o'),
      tuning: { serviceBudgetMs: 120_000 },
    };
    expect(await prepareRun({ root: folder })).toMatchObject(fromConfiguration);
    expect(platformPath('x.sh')).toBe(join(folder, 'infra', 'x.sh'));
    const said = { target: 'auto', jobs: 2, keepRuns: 4, out: 'elsewhere' } as const;
    const { out, ...rest } = said;
    expect(await prepareRun({ root: folder, ...said })).toMatchObject({ ...rest, outDir: join(folder, out) });
  });

  it.each([
    ["'queue'", '`providers.0` to be a provider'],
    [
      "{ capability: 'My Queue', needs: [], suppliedBy: {}, typicalDrillS: 5 }",
      '`providers.0.capability` to be lower case',
    ],
    ["{ capability: 'queue', needs: 's3', suppliedBy: {}, typicalDrillS: 5 }", '`providers.0.needs`'],
    [
      "{ capability: 'queue', needs: [], suppliedBy: { local: {} }, typicalDrillS: 5 }",
      '`providers.0.suppliedBy.local.tools`',
    ],
    [
      "{ capability: 'queue', needs: [], suppliedBy: {}, typicalDrillS: '5s' }",
      '`providers.0.typicalDrillS` to be seconds, such as 5',
    ],
    ["{ capability: 'queue', needs: [], suppliedBy: {} }", '`providers.0.typicalDrillS` to be seconds, such as 5'],
  ])('refuses a provider that is not one, and names the field: %s', async (provider, message) => {
    await write('dr-contracts.config.ts', `export default { providers: [${provider}] };`);
    await expect(prepareRun({ root: folder })).rejects.toThrow(message);
  });

  it('E05: does not depend on the current folder of the process, and does not change it', async () => {
    const one = await write('packages/dr/contracts/one.spec.ts', '');
    await write('packages/dr/my.config.ts', `export const config = {};`);
    expect(await filesIn(join(folder, 'packages/dr'))).toEqual([one]);
    expect(await filesIn(folder, 'packages/dr/my.config.ts')).toEqual([one]);
    const { outDir, project } = await prepareRun({ root: folder, configFile: 'packages/dr/my.config.ts' });
    expect(outDir).toBe(join(folder, 'packages/dr/reports'));
    expect(project.platformDir).toBe(join(folder, 'packages/dr'));
    expect(process.cwd()).toBe(home);
  });

  it.each([
    [
      'an unknown field',
      'export default { contract: "x" };',
      /dr-contracts\.config\.ts: expected the fields contracts, .*"contract"/,
    ],
    ['a duration that is none', 'export default { serviceBudget: "long" };', /serviceBudget: expected a duration/],
    [
      'a target that there is not',
      'export default { notOn: { cloud: { api: "x" } } };',
      /unknown field "notOn\.cloud"/,
    ],
    ['an empty reason', 'export default { notOn: { local: { api: " " } } };', /notOn\.local\.api/],
    ['no export', 'export const other = {};', /neither a default export nor one named `config`/],
    ['a syntax error', 'export default {', /configuration dr-contracts\.config\.ts/],
    ['a platform that is not there', 'export default { platform: "gone" };', /platform: expected a folder.*ENOENT/],
  ])('with %s is refused in one sentence', async (_what, text, message) => {
    await write('dr-contracts.config.ts', text);
    await expect(openProject(folder)).rejects.toThrow(message);
  });

  it('whose named configuration is missing says so', async () => {
    await expect(openProject(folder, 'gone.ts')).rejects.toThrow('configuration gone.ts');
  });
});

describe('contract files', () => {
  it('E03: a file whose ending alone does not match is a mistake that names it and the fix', async () => {
    await write('dr-contracts.config.mts', "export default { contracts: 'contracts/**/*.spec.mts' };");
    const one = await write('contracts/orders.spec.mts', '');
    await write('contracts/deep/payments.spec.ts', '');
    // Neither a compiled copy of a contract file nor a helper counts as left out by mistake.
    await write('contracts/orders.spec.js', '');
    await write('contracts/helper.ts', '');
    const { files, mistakes } = await (await prepareRun({ root: folder })).contractFiles();
    expect(files).toEqual([one]);
    expect(mistakes).toMatchObject([{ file: 'contracts/deep/payments.spec.ts' }]);
    expect(mistakes[0]?.error.message).toMatch(/Rename it to payments\.spec\.mts, or change `contracts`/);
  });

  const STATES = "import { contract } from 'dr-contracts';\ncontract({ name: 'payments' });\n";
  it.each([
    ['with an ending that no pattern of ours has', 'contracts/payments.spec.tsx', STATES],
    ['without .spec', 'contracts/payments.ts', STATES],
    ['named as a test', 'contracts/payments.test.ts', STATES],
    ['in another folder', 'recovery/deep/payments.spec.ts', STATES],
    ['beside the configuration', 'payments.mjs', STATES],
    ['of posture', 'posture.ts', "import {\n  type A,\n  posture,\n} from 'dr-contracts';\n"],
    ['that imports everything', 'all.ts', "import * as dr from 'dr-contracts';\n"],
    ['of CommonJS', 'payments.cjs', "const { contract } = require('dr-contracts');\n"],
    ['that is like a compiled one of another contract', 'old/orders.spec.js', STATES],
  ])('E03: a contract file %s is a mistake: nobody would look at it', async (_what, path, text) => {
    await write('dr-contracts.config.mjs', 'export default {};');
    await write('contracts/orders.spec.ts', STATES.replace('payments', 'orders'));
    await write(path, text);
    const { mistakes } = await (await prepareRun({ root: folder })).contractFiles();
    expect(mistakes).toMatchObject([{ file: path, contract: undefined }]);
    expect(mistakes[0]?.error.message).toMatch(/expected a name that the configuration reads \(contracts\/\*\*/);
  });

  it('E03: no mistake is what a contract file imports, what was compiled, what is of another project, and what is left out on purpose', async () => {
    await write('dr-contracts.config.mjs', "export default { notRead: ['staging/**/*.spec.ts'] };");
    const one = await write(
      'contracts/orders.spec.ts',
      `import './shared/payments.ts';\n${STATES.replace('payments', 'orders')}`,
    );
    await write('contracts/shared/payments.ts', `import { more } from './more';\n${STATES}`);
    await write('contracts/shared/more.ts', STATES);
    await write('dist/contracts/orders.spec.js', STATES.replace('payments', 'orders'));
    await write('dist/contracts/orders.spec.d.ts', STATES);
    await write('dist/contracts/shared/payments.js', STATES);
    await write('node_modules/other/payments.spec.ts', STATES);
    await write('.cache/payments.spec.ts', STATES);
    await write('reports/payments.spec.ts', STATES);
    await write('packages/other/dr-contracts.config.ts', 'export default {};');
    await write('packages/other/contracts/payments.spec.ts', STATES);
    await write('staging/payments.spec.ts', STATES);
    await write(
      'lib/types.ts',
      "import type { Contract, contract } from 'dr-contracts';\nimport { jetstream } from 'dr-contracts';\n",
    );
    const { files, mistakes } = await (await prepareRun({ root: folder })).contractFiles();
    expect(files).toEqual([one]);
    expect(mistakes.map(({ file }) => file)).toEqual([]);
  });

  it('E03: a project of CommonJS needs no configuration for its contracts, which end in .mts', async () => {
    const one = await write('contracts/payments.spec.mts', '');
    expect((await (await prepareRun({ root: folder })).contractFiles()).files).toEqual([one]);
  });

  it('E03: the near miss is the error where no contract is read at all', async () => {
    await write('dr-contracts.config.mts', "export default { contracts: 'contracts/**/*.spec.ts' };");
    await write('contracts/payments.spec.mts', '');
    const { contractFiles } = await prepareRun({ root: folder });
    await expect(contractFiles()).rejects.toThrow(/payments\.spec\.mts: .*Rename it to payments\.spec\.ts/);
  });
});

describe('paths', () => {
  it('are resolved from the project: only the front end asks for the current folder, and nothing changes it', async () => {
    const harness = new URL('../', import.meta.url).pathname;
    const asking: string[] = [];
    for await (const path of glob('**/*.ts', { cwd: harness })) {
      if (/\.test\.ts$|testing\/|^bench\//.test(path)) continue;
      if (/process\.(cwd|chdir)\(/.test(await readFile(join(harness, path), 'utf8'))) asking.push(path);
    }
    expect(asking.toSorted()).toEqual(['cli/main.ts', 'process/platform-folder.ts']);
  });
});
