import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterwards } from '../../base/afterwards.ts';
import { openFile } from '../../base/files.ts';
import type { Clock } from '../../clock/clock.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Command, CommandResult } from '../../process/run.ts';
import { checkVersion, runUnder } from '../build.ts';
import { type Builder, findPython } from '../builders.ts';
import {
  abandonAttempt,
  beginAttempt,
  ensureEntryFolder,
  explainCacheTrouble,
  findFinished,
  finishAttempt,
  isSystemError,
} from '../cache-entry.ts';
import { programOf } from '../locate.ts';
import { takeLock } from '../lock.ts';
import { startForTheFirstTime, venvEnvironment } from '../python-build.ts';
import { type Manifest, type Packable, type PackedEntry, type PackedFile, packPlatform } from './manifest.ts';
import { unpack } from './read-pack.ts';

interface InstallOptions {
  readonly file: string;
  readonly root: string;
  /** Expected digest of the whole file, as `sha256:…`. */
  readonly digest?: string | undefined;
  /** Every entry that this version of the package can use. */
  readonly packable: readonly Packable[];
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
}

interface InstalledEntry {
  readonly label: string;
  readonly version: string;
  /** False where the cache already had it. */
  readonly isNew: boolean;
}

export interface InstalledPack {
  readonly digest: string;
  readonly entries: readonly InstalledEntry[];
}

interface Wanted extends Packable {
  readonly packed: PackedEntry;
}

/**
 * Installs the entries of a pack into the tool cache. Reads and checks the whole pack before it installs the first entry. Each entry then
 * appears at once, and its programs must report their version, as after a build. Existing entries of the cache stay.
 * @throws {ExplainedError} when the pack is damaged, for another platform or with other pins, or one of its programs does not run here.
 */
export async function installPack(options: InstallOptions): Promise<InstalledPack> {
  const { file, root, digest, signal, progress, clock } = options;
  const parent = join(root, 'toolchain', 'unpacking');
  const trouble = (error: unknown) => {
    throw isSystemError(error) ? explainCacheTrouble(root, error) : error;
  };
  await mkdir(parent, { recursive: true }).catch(trouble);
  await using _lock = await takeLock(join(parent, 'lock'), {
    clock,
    signal,
    onWaiting: (pid) => progress(`waiting: another process unpacks (pid ${pid})`),
  });
  await removeLeftovers(parent);
  const into = await mkdtemp(join(parent, 'pack-')).catch(trouble);
  await using _removal = afterwards(() => rm(into, { recursive: true, force: true, maxRetries: 3 }));
  let wanted: readonly Wanted[] = [];
  let python: Builder | undefined;
  progress(`checking ${file}`);
  const unpacked = await unpack({
    file,
    into,
    digest,
    signal,
    accept: async (manifest) => {
      wanted = wantedOf(manifest, options);
      python = await pythonFor(manifest, options);
    },
  });
  const entries: InstalledEntry[] = [];
  for (const each of wanted) {
    const isNew = await installEntry(each, join(into, each.packed.name), python?.path, unpacked.digest, options);
    entries.push({ label: each.entry.label, version: each.entry.version, isNew });
  }
  return { digest: unpacked.digest, entries };
}

/** Removes the remains of a killed unpacking. Only for the holder of the lock. */
async function removeLeftovers(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith('pack-'));
  await Promise.all(names.map((name) => rm(join(parent, name), { recursive: true, force: true, maxRetries: 3 })));
}

/** @throws {ExplainedError} for a pack for another platform, or with other pins. */
function wantedOf({ platform, entries }: Manifest, { file, packable }: InstallOptions): readonly Wanted[] {
  const here = packPlatform();
  if (platform !== here) {
    throw new ExplainedError({
      thing: `pack ${file}`,
      expected: `programs for this machine, ${here}`,
      observed: `it holds programs for ${platform}`,
      nextStep: 'Nothing of it was installed. Write a pack on a machine of the same kind as this one.',
    });
  }
  const known = new Map(packable.map((each) => [each.entry.nameAnywhere, each]));
  const others = entries.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  const twice = entries.find(({ name }, index) => entries.findIndex((other) => other.name === name) !== index);
  if (others.length > 0 || twice !== undefined) {
    throw new ExplainedError({
      thing: `pack ${file}`,
      expected: 'programs of the versions, lock files and build flags of this dr-contracts',
      observed: twice === undefined ? `it holds others: ${others.join(', ')}` : `it holds ${twice.name} twice`,
      nextStep: 'Nothing of it was installed. Write the pack with the version of dr-contracts that is installed here.',
    });
  }
  return entries.flatMap((packed) => {
    const found = known.get(packed.name);
    return found === undefined ? [] : [{ ...found, packed }];
  });
}

/** @throws {ExplainedError} when the pack contains a virtual environment and this machine lacks its Python. */
async function pythonFor(
  { entries }: Manifest,
  { file, environment, clock, signal }: InstallOptions,
): Promise<Builder | undefined> {
  const version = entries.find(({ python }) => python !== undefined)?.python;
  if (version === undefined) return undefined;
  const python = await findPython({ environment, clock, signal }, version);
  if (python.path !== undefined) return python;
  throw new ExplainedError({
    thing: `pack ${file}`,
    expected: `Python ${version} on this machine, for which the packages of LocalStack in it were built`,
    observed: python.problem ?? 'there is none',
    nextStep: `Nothing of it was installed. ${python.fix}`,
  });
}

/** @returns true when it was installed, false when it existed already. */
async function installEntry(
  { entry, recipes, packed }: Wanted,
  unpackedAt: string,
  pythonPath: string | undefined,
  pack: string,
  { clock, signal, progress, environment }: InstallOptions,
): Promise<boolean> {
  const beganMs = clock.monotonicMs();
  await ensureEntryFolder(entry);
  await using lock = await takeLock(join(entry.dir, 'lock'), {
    clock,
    signal,
    onWaiting: (pid) => progress(`waiting: another process is building ${entry.label} (pid ${pid})`),
  });
  if ((await findFinished(entry)) !== undefined) return false;
  progress(`installing ${entry.label} ${entry.version}`);
  const attempt = await beginAttempt(entry);
  try {
    const isEnvironment = packed.python !== undefined && pythonPath !== undefined;
    if (isEnvironment) {
      await remakeEnvironment({
        pythonPath,
        unpackedAt,
        files: packed.files,
        dir: attempt.dir,
        environment,
        run: async (command) => await runUnder(lock, command, { clock, signal }),
      });
    } else {
      for (const name of await readdir(unpackedAt)) await rename(join(unpackedAt, name), join(attempt.dir, name));
    }
    for (const recipe of recipes) await checkVersion(recipe, join(attempt.dir, programOf(recipe)), { clock, signal });
    await finishAttempt(entry, attempt, {
      builtAt: clock.now().utc,
      durationMs: clock.monotonicMs() - beganMs,
      sized: !isEnvironment,
      pack,
    });
    return true;
  } catch (error) {
    await abandonAttempt(attempt);
    throw error;
  }
}

interface RemadeEnvironment {
  /** A Python of the packages' version. */
  readonly pythonPath: string;
  /** Folder of the unpacked files. They are moved away from there. */
  readonly unpackedAt: string;
  readonly files: readonly PackedFile[];
  /** The empty folder that becomes the virtual environment. */
  readonly dir: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly run: (command: Command) => Promise<CommandResult>;
}

/**
 * Creates a virtual environment with this machine's Python and moves the packages of another one into it. Rewrites its launchers, because
 * they contain the folder's path. Starts LocalStack once, which also builds the files that depend on the folder.
 * @throws {ExplainedError} when Python creates no environment, or LocalStack does not serve.
 */
async function remakeEnvironment(remade: RemadeEnvironment): Promise<void> {
  const { pythonPath, unpackedAt, files, dir, environment, run } = remade;
  const env = venvEnvironment(environment);
  await run({ name: 'python -m venv', file: pythonPath, args: ['-m', 'venv', '--without-pip', dir], env });
  for (const { path } of files) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await rename(join(unpackedAt, path), join(dir, path));
    if (path.startsWith('bin/')) await nameThisPython(join(dir, path), join(dir, 'bin', 'python'));
  }
  await startForTheFirstTime(dir, env, run);
}

/**
 * First lines of pip's and uv's launchers: the path of Python or, where that is long or contains spaces, a shell that gets the path.
 * https://github.com/pypa/distlib/blob/0.3.9/distlib/scripts.py (`_build_shebang`)
 */
const LAUNCHER = /^(?:#!\/[^\n]*\/bin\/python[\d.]*[ \t]*\n|#!\/bin\/sh\n'''exec' [^\n]*\n' '''\n)/;
/** Maximal length on every system. */
const MOST_SHEBANG_CHARACTERS = 127;

async function nameThisPython(path: string, python: string): Promise<void> {
  if (!(await isScript(path))) return;
  // Read as bytes, because a script need not be text in any known encoding.
  const text = await readFile(path, 'latin1');
  const [launcher] = LAUNCHER.exec(text) ?? [];
  if (launcher === undefined) return;
  const head = Buffer.from(shebang(python), 'utf8').toString('latin1');
  await writeFile(path, `${head}${text.slice(launcher.length)}`, 'latin1');
}

async function isScript(path: string): Promise<boolean> {
  await using file = await openFile(path, 'r');
  return (await file.read(2, 0)).toString('latin1') === '#!';
}

function shebang(python: string): string {
  const line = `#!${python}\n`;
  if (!/\s/.test(python) && Buffer.byteLength(line) <= MOST_SHEBANG_CHARACTERS) return line;
  const quoted = python.replaceAll(/[\\"$`]/g, (character) => `\\${character}`);
  return `#!/bin/sh\n'''exec' "${quoted}" "$0" "$@"\n' '''\n`;
}
