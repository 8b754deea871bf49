import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join, relative } from 'node:path';
import { openFile } from '../../base/files.ts';
import { execute } from '../run.ts';
import { isSystemPath, type Mount } from './arguments.ts';

const ASK_BUDGET_MS = 20_000;

/**
 * Commands with which an interpreter reports its installation folder, whichever version manager (pyenv, asdf, mise, nvm, rbenv) put it on
 * PATH.
 */
const INTERPRETERS: readonly { readonly names: readonly string[]; readonly args: readonly string[] }[] = [
  { names: ['python3', 'python'], args: ['-c', 'import sys; print(sys.prefix); print(sys.base_prefix)'] },
  { names: ['node'], args: ['-e', 'console.log(path.dirname(path.dirname(process.execPath)))'] },
  { names: ['ruby'], args: ['-e', 'puts RbConfig::CONFIG["prefix"]'] },
  { names: ['perl'], args: ['-MConfig', '-e', 'print "$Config{prefix}\\n"'] },
  { names: ['go'], args: ['env', 'GOROOT'] },
  { names: ['java'], args: ['-XshowSettings:properties', '-version'] },
];
/** Folders of an installation that the programs in its `bin` read. Other folders (`etc`, `var`, hidden ones) may hold credentials. */
const PARTS = [
  'bin',
  'lib',
  'lib32',
  'lib64',
  'libexec',
  'include',
  'pkg',
  'src',
  'conf',
  'jmods',
  'pyvenv.cfg',
  'release',
  'VERSION',
  'go.env',
  'Cellar',
  'opt',
];

export interface InstalledPrograms {
  /** Read-only mounts, none of them inside another one's system folder. */
  readonly mounts: readonly Mount[];
  /** PATH for programs: the user's, with the folders of the chosen versions in place of those of version managers. */
  readonly searchPath: string;
}

const known = new Map<string, Promise<InstalledPrograms>>();

/** Returns the programs on this PATH, with everything that they need to run. Looked up once per process. */
export async function installedPrograms(searchPath: string, signal: AbortSignal): Promise<InstalledPrograms> {
  const found = known.get(searchPath) ?? findInstalled(searchPath, signal);
  known.set(searchPath, found);
  try {
    return await found;
  } catch (error) {
    known.delete(searchPath);
    throw error;
  }
}

async function findInstalled(searchPath: string, signal: AbortSignal): Promise<InstalledPrograms> {
  const folders = [...new Set(searchPath.split(delimiter).filter((folder) => isAbsolute(folder)))];
  const mounts = new Mounts();
  const kept: string[] = [];
  const chosen = await chosenInterpreters(folders, searchPath, signal);
  for (const folder of folders) {
    const real = await realpath(folder).catch(() => undefined);
    if (real === undefined) continue;
    if (isShims(folder)) {
      kept.push(...chosen.map((prefix) => join(prefix, 'bin')));
      continue;
    }
    kept.push(folder);
    if (!isSystemPath(real)) {
      mounts.add(real, folder);
      if (basename(real) === 'bin') await mounts.addInstallation(dirname(real));
    }
    for (const target of await linkTargets(folder)) await addProgram(target, mounts);
  }
  for (const prefix of chosen) await mounts.addInstallation(prefix);
  return { mounts: mounts.all, searchPath: [...new Set(kept)].join(delimiter) };
}

/** Returns mounts for one program file besides the system: the file, its installation, and the interpreter that its first line names. */
export async function mountsOfProgram(file: string): Promise<readonly Mount[]> {
  const mounts = new Mounts();
  await addProgram(file, mounts);
  return mounts.all;
}

async function addProgram(file: string, mounts: Mounts, depth = 0): Promise<void> {
  const real = await realpath(file).catch(() => undefined);
  if (real === undefined || depth > 4) return;
  if (real !== file && !isSystemPath(file)) mounts.add(real, file);
  if (isSystemPath(real)) return;
  mounts.add(real, real);
  // For a virtual environment, the folder with the link counts, not the folder of the interpreter to which it leads.
  for (const bin of new Set([dirname(file), dirname(real)])) {
    if (basename(bin) === 'bin') await mounts.addInstallation(dirname(bin));
  }
  const interpreter = await interpreterOf(real);
  if (interpreter !== undefined) await addProgram(interpreter, mounts, depth + 1);
}

/** Reads the absolute path in a script's first line. */
async function interpreterOf(file: string): Promise<string | undefined> {
  await using opened = await openFile(file, 'r').catch(() => undefined);
  if (opened === undefined) return undefined;
  return /^#!\s*(\/\S+)/.exec((await opened.read(256, 0)).toString('latin1'))?.[1];
}

/** Returns the prefixes of the interpreters on PATH that are no part of the system. */
async function chosenInterpreters(
  folders: readonly string[],
  searchPath: string,
  signal: AbortSignal,
): Promise<string[]> {
  const prefixes = await Promise.all(
    INTERPRETERS.map(async ({ names, args }) => {
      const file = await firstOnPath(names, folders);
      // A program in a system folder that leads nowhere else is mounted anyway.
      if (file === undefined || isSystemPath(await realpath(file))) return [];
      return await ask(file, args, searchPath, signal);
    }),
  );
  const found = [...new Set(prefixes.flat())];
  const existing = await Promise.all(found.map((prefix) => realpath(prefix).catch(() => undefined)));
  return [...new Set(existing.filter((prefix) => prefix !== undefined && !isSystemPath(prefix)))].filter(
    (prefix) => prefix !== undefined,
  );
}

async function firstOnPath(names: readonly string[], folders: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of folders) {
      const file = join(folder, name);
      if (
        await stat(file).then(
          (found) => found.isFile() && (found.mode & 0o111) !== 0,
          () => false,
        )
      )
        return file;
    }
  }
  return undefined;
}

/** Runs the interpreter outside any sandbox and with the user's own environment, which selects the version. */
async function ask(file: string, args: readonly string[], searchPath: string, signal: AbortSignal): Promise<string[]> {
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(ASK_BUDGET_MS)]);
    const { exitCode, stdout, stderr } = await execute(
      { file, args, env: { ...env, PATH: searchPath }, cwd: '/' },
      within,
    );
    if (exitCode !== 0) return [];
    const java = /^\s*java\.home = (\S.*)$/m.exec(stderr)?.[1];
    return [...stdout.split('\n'), ...(java === undefined ? [] : [java])].map((line) => line.trim()).filter(isAbsolute);
  } catch {
    signal.throwIfAborted();
    // An interpreter that does not answer in time is left out. A script that needs it reports that itself.
    return [];
  }
}

/** Returns the targets of the links of a folder on PATH, if they are outside the system's folders. */
async function linkTargets(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const links = entries.filter((entry) => entry.isSymbolicLink()).map((entry) => join(folder, entry.name));
  const targets = await Promise.all(links.map((link) => realpath(link).catch(() => undefined)));
  return [...new Set(targets)].filter((target) => target !== undefined).filter((target) => !isSystemPath(target));
}

/** True for a folder of wrappers that pick a version. They need the whole state of their manager. */
const isShims = (folder: string): boolean => basename(folder) === 'shims';

/** Collector of mounts, each place once, without the user's home and other wide folders. */
class Mounts {
  readonly #mounts = new Map<string, Mount>();

  get all(): readonly Mount[] {
    return [...this.#mounts.values()];
  }

  /** Adds the folder or file, unless it holds far more than programs. */
  add(from: string, to: string): void {
    if (isWide(from) || isWide(to)) return;
    this.#mounts.set(to, { from, to, mode: 'read-only' });
  }

  /** Adds the parts of an installation that its programs read, and the base of a virtual environment. */
  async addInstallation(prefix: string): Promise<void> {
    if (isSystemPath(prefix)) return;
    for (const part of PARTS) {
      const path = join(prefix, part);
      const real = await realpath(path).catch(() => undefined);
      if (
        real !== undefined &&
        ((part !== 'src' && part !== 'pkg' && part !== 'opt' && part !== 'Cellar') || (await isOf(prefix, part)))
      )
        this.add(real, path);
    }
    const based = /^home\s*=\s*(\/.*)$/m.exec(await readFile(join(prefix, 'pyvenv.cfg'), 'utf8').catch(() => ''))?.[1];
    if (based !== undefined && basename(based) === 'bin' && dirname(based) !== prefix)
      await this.addInstallation(dirname(based));
  }
}

/**
 * True if the part belongs to the installation. `src` and `pkg` are part of a Go installation, but the user's own work in a GOPATH; `opt`
 * and `Cellar` are Homebrew's.
 */
const isOf = async (prefix: string, part: string): Promise<boolean> => {
  const mark = part === 'src' || part === 'pkg' ? 'VERSION' : 'Cellar';
  return await lstat(join(prefix, mark)).then(
    () => true,
    () => false,
  );
};

const WIDE = new Set([
  '/',
  '/home',
  '/root',
  '/etc',
  '/var',
  '/tmp',
  '/opt',
  '/srv',
  '/mnt',
  '/media',
  '/run',
  '/dev',
  '/proc',
  '/sys',
  '/boot',
]);

/** True for the user's home, the folders above it, and folders that all users share. */
export function isWide(path: string): boolean {
  const home = homedir();
  return WIDE.has(path) || path === home || isInside(home, path);
}

export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}
