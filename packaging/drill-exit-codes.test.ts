import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { rootFolder } from './places.ts';

// Tests the shell around `drill` in every pipeline that this project runs or writes. A stand-in for npx and npm ends `drill` with a given
// exit code; every other command of the script does nothing.

const OWN = '.github/workflows';
const TEMPLATES = 'templates';

const githubSchema = z.object({
  jobs: z.record(z.string(), z.object({ steps: z.array(z.looseObject({ run: z.string().optional() })) })),
});
const gitlabSchema = z.record(z.string(), z.looseObject({ script: z.array(z.string()).default([]) }));

interface Script {
  readonly name: string;
  readonly text: string;
}

let programs: string;

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'dr-contracts-programs-'));
  const standIn = '#!/bin/sh\necho "$0 $*" >>"$CALLS"\ncase " $* " in *" drill "*) exit "$CODE" ;; esac\n';
  for (const name of ['npx', 'npm', 'git']) {
    await writeFile(join(programs, name), standIn);
    await chmod(join(programs, name), 0o755);
  }
});
afterAll(() => rm(programs, { recursive: true, force: true }));

const drills = ({ text }: Script): boolean => /\bdrill\b.*--target/.test(text);

async function scripts(): Promise<readonly Script[]> {
  const read = async (path: string): Promise<unknown> => parse(await readFile(join(rootFolder, path), 'utf8'));
  const workflows = (await readdir(join(rootFolder, OWN))).map((name) => `${OWN}/${name}`);
  const found: Script[] = [];
  for (const path of [...workflows, `${TEMPLATES}/disaster-recovery.github.yml`]) {
    for (const [job, { steps }] of Object.entries(githubSchema.parse(await read(path)).jobs)) {
      for (const { run = '' } of steps) found.push({ name: `${path}, ${job}`, text: run });
    }
  }
  const gitlab = `${TEMPLATES}/disaster-recovery.gitlab-ci.yml`;
  for (const [job, { script }] of Object.entries(gitlabSchema.parse(await read(gitlab)))) {
    found.push({ name: `${gitlab}, ${job}`, text: script.join('\n') });
  }
  return found.filter(drills);
}

const found = await scripts();

/** Runs it as a runner does: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell */
async function ended(text: string, code: number) {
  const folder = await mkdtemp(join(programs, 'job-'));
  const calls = join(folder, 'calls');
  const result = await execa('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', text], {
    cwd: folder,
    env: { PATH: [programs, process.env['PATH']].join(delimiter), CODE: String(code), CALLS: calls },
    reject: false,
    all: true,
    stdin: 'ignore',
  });
  const asked = (await readFile(calls, 'utf8')).includes(' gate ');
  return { exitCode: result.exitCode, output: result.all, asked };
}

it('every pipeline is among the scripts: two for pull requests, two for nights, and two for GitLab', () => {
  expect(found.map(({ name }) => name)).toHaveLength(6);
});

describe.each(found)('in $name', ({ name, text }) => {
  it.each([0, 1, 2])('a drill that ends with %d is left to the gate', async (code) => {
    const { exitCode, asked } = await ended(text, code);
    expect(exitCode).toBe(0);
    if (name.includes('gitlab')) expect(asked).toBe(true);
  });

  it.each([64, 70, 127, 130, 134, 137])('a drill that ends with %d fails the job and says so', async (code) => {
    const { exitCode, output, asked } = await ended(text, code);
    expect({ exitCode, asked }).toEqual({ exitCode: code, asked: false });
    expect(output).toContain(`The drill ended with exit code ${code}`);
  });
});
