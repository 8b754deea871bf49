import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { rootFolder } from '../places.ts';

// Other people's tools that read workflows: Go's module cache keeps actionlint, which go.sum pins; an environment of Python below node_modules
// keeps the others, which the digests of requirements.txt pin.

const folder = join(rootFolder, 'packaging', 'linters');
const requirements = join(folder, 'requirements.txt');
const INSTALL_MS = 300_000;

export interface LintResult {
  readonly exitCode: number | undefined;
  readonly output: string;
}

export interface Linters {
  /** Checks workflows of GitHub Actions, with the shell scripts in them. */
  actionlint(path: string): Promise<LintResult>;
  /** Checks a file by GitLab's schema of `.gitlab-ci.yml`. */
  gitlabSchema(path: string): Promise<LintResult>;
  /** Checks a script of bash. */
  shellcheck(script: string): Promise<LintResult>;
}

/** Installs what is not there yet. @throws when it cannot be installed, or Go is missing. */
export async function obtainLinters(): Promise<Linters> {
  const programs = join(await pythonEnvironment(), 'bin');
  const shellcheck = join(programs, 'shellcheck');
  const lint = async (file: string, args: readonly string[], options: { cwd?: string; input?: string } = {}) => {
    const { exitCode, all } = await execa(file, args, { reject: false, all: true, ...options });
    return { exitCode, output: all };
  };
  await execa('go', ['tool', 'actionlint', '--version'], { cwd: folder, timeout: INSTALL_MS });
  return {
    actionlint: (path) =>
      lint('go', ['tool', 'actionlint', '-no-color', '-shellcheck', shellcheck, path], { cwd: folder }),
    gitlabSchema: (path) => lint(join(programs, 'check-jsonschema'), ['--builtin-schema', 'vendor.gitlab-ci', path]),
    shellcheck: (script) => lint(shellcheck, ['--shell', 'bash', '-'], { input: script }),
  };
}

async function pythonEnvironment(): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const cache = join(rootFolder, 'node_modules', '.cache');
  const place = join(cache, `linters-${digest.slice(0, 16)}`);
  const complete = join(place, 'complete');
  const isThere = await access(complete).then(
    () => true,
    () => false,
  );
  if (isThere) return place;
  await rm(place, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  const run = (file: string, ...args: readonly string[]) => execa(file, args, { timeout: INSTALL_MS });
  await run('python3', '-m', 'venv', place);
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input', 'install', '--quiet'];
  const locked = ['--require-hashes', '--no-deps', '--only-binary', ':all:', '-r', requirements];
  await run(join(place, 'bin', 'python'), ...pip, ...locked);
  await writeFile(complete, '');
  return place;
}
