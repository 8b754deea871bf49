import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Linters, obtainLinters } from './linters/obtain-linters.ts';
import { rootFolder } from './places.ts';

// Third-party checkers read the workflows: those of this project, and those that `init` writes.

const OWN = '.github/workflows';
const GITHUB = 'templates/disaster-recovery.github.yml';
const GITLAB = 'templates/disaster-recovery.gitlab-ci.yml';
const inRoot = (path: string) => join(rootFolder, path);

let linters: Linters;
let scratch: string;

beforeAll(async () => {
  linters = await obtainLinters();
  scratch = await mkdtemp(join(tmpdir(), 'dr-contracts-workflows-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** Makes a copy of a file with one change. */
async function changed(path: string, from: string, to: string): Promise<string> {
  const text = await readFile(inRoot(path), 'utf8');
  expect(text).toContain(from);
  const copy = join(scratch, 'changed.yml');
  await writeFile(copy, text.replace(from, to));
  return copy;
}

const own = (await readdir(inRoot(OWN))).map((name) => `${OWN}/${name}`);

describe('the workflows for GitHub Actions', () => {
  it.each([GITHUB, ...own])('actionlint accepts %s', async (path) => {
    expect(await linters.actionlint(inRoot(path))).toEqual({ exitCode: 0, output: '' });
  });

  it.each([
    ['a misspelt key', 'timeout-minutes:', 'timeout-minute:', /unexpected key "timeout-minute"/],
    ['a context that does not exist', 'runner.arch', 'runner.architecture', /property "architecture" is not defined/],
    ['an unquoted variable in a script', '"$ledger"', '$ledger', /SC2086/],
  ])('actionlint refuses %s', async (_what, from, to, said) => {
    const { exitCode, output } = await linters.actionlint(await changed(GITHUB, from, to));
    expect([exitCode, output]).toEqual([1, expect.stringMatching(said)]);
  });
});

describe('the workflow for GitLab CI', () => {
  const job = z.looseObject({
    before_script: z.array(z.string()).default([]),
    script: z.array(z.string()).default([]),
  });

  it("is accepted by GitLab's schema, which refuses a misspelt key", async () => {
    expect(await linters.gitlabSchema(inRoot(GITLAB))).toMatchObject({ exitCode: 0 });
    const { exitCode, output } = await linters.gitlabSchema(
      await changed(GITLAB, 'resource_group:', 'resource_groups:'),
    );
    expect([exitCode, output]).toEqual([1, expect.stringMatching(/resource_groups/)]);
  });

  it('has scripts that shellcheck accepts', async () => {
    const jobs = z.record(z.string(), job).parse(parse(await readFile(inRoot(GITLAB), 'utf8')));
    const scripts = Object.values(jobs).map(({ before_script: before, script }) => [...before, ...script].join('\n'));
    expect(scripts.filter((script) => script !== '')).toHaveLength(3);
    for (const script of scripts) expect(await linters.shellcheck(script)).toEqual({ exitCode: 0, output: '' });
    expect((await linters.shellcheck('echo $unquoted')).exitCode).toBe(1);
  });
});
