import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findContractFiles } from './contract-files.ts';
import { openProject, withConfiguration } from './project.ts';

const home = process.cwd();
let folder = '';
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'dr-contracts-project-')));
});
afterEach(async () => {
  process.chdir(home);
  await rm(folder, { recursive: true, force: true });
});

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

const options = { target: 'auto', out: 'reports', jobs: 2, keepRuns: 10, chosen: [] } as const;

describe('a project', () => {
  it('without a configuration has contracts/ and leaves the process where it is', async () => {
    const one = await write('contracts/one.spec.ts', '');
    const project = await openProject(folder);
    expect(await findContractFiles(folder)).toEqual([one]);
    expect(withConfiguration(options, project)).toEqual(options);
    expect(process.cwd()).toBe(home);
  });

  it('with one in its folder is read as it says, and contracts name paths from the platform', async () => {
    await mkdir(join(folder, 'infra'));
    const one = await write('dr/one.spec.ts', '');
    await write('contracts/other.spec.ts', '');
    await write('dr/node_modules/x/other.spec.ts', '');
    await write(
      'dr-contracts.config.ts',
      `export default { contracts: ['dr/*.spec.ts', 'dr/**'], platform: 'infra', out: 'o', target: 'local', jobs: 1 };`,
    );
    const project = await openProject(folder);
    expect(await findContractFiles(folder)).toEqual([one]);
    expect(process.cwd()).toBe(join(folder, 'infra'));
    expect(withConfiguration(options, project)).toMatchObject({ target: 'local', jobs: 1, out: join(folder, 'o') });
    expect(withConfiguration({ ...options, chosen: ['target'] }, project)).toMatchObject({ target: 'auto', jobs: 1 });
  });

  it('named from elsewhere is read from its own folder, by a named export as well', async () => {
    const one = await write('x/contracts/one.spec.ts', '');
    await write('x/my.config.ts', `export const config = {};`);
    expect(await findContractFiles(folder, 'x/my.config.ts')).toEqual([one]);
    expect(process.cwd()).toBe(join(folder, 'x'));
  });

  it.each([
    [
      'an unknown field',
      'export default { contract: "x" };',
      /dr-contracts\.config\.ts: expected the fields contracts, .*"contract"/,
    ],
    ['a duration that is none', 'export default { serviceBudget: "long" };', /serviceBudget: expected a duration/],
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
