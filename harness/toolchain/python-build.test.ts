import { mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import type { Command } from '../process/run.ts';
import { obtainToolchain } from './obtain.ts';
import { buildVirtualEnvironment } from './python-build.ts';
import { pythonVersions, recipeOf } from './recipes.ts';
import { fakeProgram, temporaryFolder } from './testing/fake-programs.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Makes a Python that records its installations, and a uv that does the same or fails. */
async function machine(dir: string, { python = '3.12.4', uv = 'exit 0' } = {}) {
  const bin = join(dir, 'bin');
  await mkdir(bin);
  const log = join(dir, 'log');
  const note = `echo "$0 $* UV_DEFAULT_INDEX=$UV_DEFAULT_INDEX" | /bin/sed 's#[^ ]*/##g' >> '${log}'`;
  const answer = `
case "$*" in
  *_base_executable*) echo "$0"; exit 0;;
  *version_info*) echo ${python}; exit 0;;
  *importlib.metadata*) echo ${recipeOf('localstack-python').version}; exit 0;;
  *"pip config list"*) echo ":env:.index-url='https://mirror.example/our-mirror'"; exit 0;;
  *"-m venv"*)
    /bin/mkdir -p "$3/bin"; /bin/cp "$0" "$3/bin/python"; /bin/cp "$0" "$3/bin/aws";;
  *uv-requirements.txt*)
    printf '%s\\n' '#!/bin/sh' "${note.replaceAll('$', '\\$').replaceAll('"', '\\"')}" '${uv}' > "\${0%/*}/uv"; /bin/chmod 755 "\${0%/*}/uv";;
esac
${note}`;
  await fakeProgram(bin, 'python3', answer);
  vi.stubEnv('PATH', bin);
  vi.stubEnv('DR_CONTRACTS_CACHE', join(dir, 'cache'));
  vi.stubEnv('DR_CONTRACTS_LOCALSTACK_PYTHON', '');
  vi.stubEnv('UV_DEFAULT_INDEX', undefined);
  return { log: async () => (await readFile(log, 'utf8')).trim().split('\n') };
}

const obtain = (said: string[] = []) =>
  obtainToolchain(['localstack-python'], {
    clock: systemClock,
    signal: new AbortController().signal,
    progress: (message) => said.push(message),
  });

describe("LocalStack's virtual environment", () => {
  it('is installed by uv from the locked files alone, from the index that pip is configured with, and started once', async () => {
    await using folder = await temporaryFolder();
    const { log } = await machine(folder.dir);
    await obtain();
    const lines = await log();
    expect(lines.filter((line) => line.startsWith('uv '))).toEqual([
      expect.stringMatching(/--require-hashes --no-deps -r build-requirements.txt our-mirror$/),
      expect.stringMatching(/--no-build-isolation --require-hashes --no-deps -r requirements.txt/),
    ]);
    expect(lines.filter((line) => line.includes('-m pip install'))).toEqual([
      expect.stringMatching(/--require-hashes --no-deps -r uv-requirements.txt/),
    ]);
    expect(lines.at(-1)).toContain('first_start.py');
  });

  it('is installed by pip from the same files where uv fails, and the user is told why', async () => {
    await using folder = await temporaryFolder();
    const { log } = await machine(folder.dir, { uv: 'echo "no such host" >&2; exit 2' });
    const said: string[] = [];
    await obtain(said);
    const byPip = (await log()).filter((line) => line.includes('-m pip install'));
    expect(byPip.map((line) => /-r (\S+)/.exec(line)?.[1])).toEqual([
      'uv-requirements.txt',
      'build-requirements.txt',
      'requirements.txt',
    ]);
    expect(byPip.every((line) => line.includes('--require-hashes --no-deps'))).toBe(true);
    expect(said.join('\n')).toMatch(/with pip, because uv failed \(.*no such host/);
  });

  it.each(pythonVersions)('is made by Python %s', async (python) => {
    await using folder = await temporaryFolder();
    await machine(folder.dir, { python: `${python}.0` });
    expect((await obtain()).inUse).toMatchObject([{ source: 'built' }]);
  });

  it('is not made by a Python that the lock file is not for', async () => {
    await using folder = await temporaryFolder();
    await machine(folder.dir, { python: '3.14.0' });
    await expect(obtain()).rejects.toThrow(/expected Python 3\.11 to 3\.13, but .*python3 is 3\.14\.0/);
  });
});

describe("pip's index", () => {
  it.each([
    ["global.index-url='https://a/simple'\n:env:.index-url='https://b/simple'", 'https://b/simple'],
    ["global.index-url='https://a/simple'\ninstall.index-url='https://c/simple'", 'https://c/simple'],
    ["global.extra-index-url='https://a/simple'\nglobal.cert='/x'", undefined],
    ['', undefined],
  ])('in %j is %s', async (config, index) => {
    const commands: Command[] = [];
    await buildVirtualEnvironment({
      pythonPath: '/usr/bin/python3',
      dir: '/made/by/nobody',
      environment: {},
      run: async (command) => {
        commands.push(command);
        return { stdout: command.name === 'pip config list' ? config : '', stderr: '', durationMs: 1 };
      },
      say: () => undefined,
      signal: new AbortController().signal,
    });
    const byUv = commands.filter(({ file }) => basename(file) === 'uv');
    expect(byUv.map(({ env }) => env?.['UV_DEFAULT_INDEX'])).toEqual([index, index]);
  });
});
