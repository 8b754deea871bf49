import { join } from 'node:path';
import { execa } from 'execa';
import { systemClock } from '../../harness/clock/clock.ts';
import { cacheRoot } from '../../harness/toolchain/cache-root.ts';
import {
  builderPath,
  type CheckerOptions,
  checkerEntry,
  keyOf,
  makeVenv,
  obtainOnce,
} from '../../harness/toolchain/testing/checker-cache.ts';
import { rootFolder } from '../places.ts';

// Third-party tools that check workflows. Go's module cache keeps actionlint, pinned by go.sum; a Python environment in the cache of the
// toolchain keeps the others, pinned by the digests of requirements.txt.

const folder = join(rootFolder, 'packaging', 'linters');
const requirements = join(folder, 'requirements.txt');
const INSTALL_MS = 300_000;

interface LintResult {
  readonly exitCode: number | undefined;
  readonly output: string;
}

export interface Linters {
  /** Checks workflows of GitHub Actions and their shell scripts. */
  actionlint(path: string): Promise<LintResult>;
  /** Checks a file with GitLab's schema of `.gitlab-ci.yml`. */
  gitlabSchema(path: string): Promise<LintResult>;
  /** Checks a bash script. */
  shellcheck(script: string): Promise<LintResult>;
}

/** Installs missing linters. @throws when one cannot be installed, or Go is missing. */
export async function obtainLinters(): Promise<Linters> {
  const options: CheckerOptions = {
    clock: systemClock,
    signal: new AbortController().signal,
    environment: process.env,
    say: (activity) => process.stderr.write(`${activity}\n`),
  };
  const programs = join(await pythonEnvironment(options), 'bin');
  const go = await builderPath('go', options);
  const shellcheck = join(programs, 'shellcheck');
  const lint = async (file: string, args: readonly string[], options: { cwd?: string; input?: string } = {}) => {
    const { exitCode, all } = await execa(file, args, { reject: false, all: true, ...options });
    return { exitCode, output: all };
  };
  await execa(go, ['tool', 'actionlint', '--version'], { cwd: folder, timeout: INSTALL_MS });
  return {
    actionlint: (path) =>
      lint(go, ['tool', 'actionlint', '-no-color', '-shellcheck', shellcheck, path], { cwd: folder }),
    gitlabSchema: (path) => lint(join(programs, 'check-jsonschema'), ['--builtin-schema', 'vendor.gitlab-ci', path]),
    shellcheck: (script) => lint(shellcheck, ['--shell', 'bash', '-'], { input: script }),
  };
}

async function pythonEnvironment(options: CheckerOptions): Promise<string> {
  const key = await keyOf([requirements], [process.platform, process.arch, cacheRoot()]);
  const entry = checkerEntry('workflow-linters', key, ['bin/python', 'bin/shellcheck', 'bin/check-jsonschema']);
  return await obtainOnce(entry, options, async (dir, run) => {
    const pip = await makeVenv(dir, options, run);
    await pip('install', '--require-hashes', '--only-binary', ':all:', '-r', requirements);
  });
}
