import { access, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { ExplainedError, summaryOf, UsageError } from '../../model/errors.ts';
import { readIfThere } from './written-files.ts';

const LOCK_FILES = {
  npm: ['package-lock.json', 'npm-shrinkwrap.json'],
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock'],
} as const;
type PackageManager = keyof typeof LOCK_FILES;

const MANAGERS = ['npm', 'pnpm', 'yarn'] as const satisfies readonly PackageManager[];

/** The repository around a project's folder, as a pipeline sees it. */
export interface Repository {
  readonly root: string;
  /** Project's folder relative to the root, such as `packages/dr`; empty where it is the root. */
  readonly within: string;
  readonly manager: PackageManager;
  /** Relative to the root. */
  readonly lockFile: string;
  /** Branches that take reviewed changes. */
  readonly mainBranches: readonly string[];
  readonly commands: ManagerCommands;
}

/** Command lines of the package manager. */
export interface ManagerCommands {
  /** Installs exactly the versions of the lock file. */
  readonly install: string;
  /** Runs the program of an installed package. */
  readonly exec: string;
  /** Adds a development dependency. */
  readonly add: string;
}

/** Searches the folder and its parents, up to the root of the repository. Without a repository, the folder is the root. */
export async function findRepository(folder: string): Promise<Repository> {
  const above = foldersFrom(folder);
  const depth = await firstIndex(above, (each) => isThere(join(each, '.git')));
  const root = above[depth] ?? folder;
  const inside = depth === -1 ? [folder] : above.slice(0, depth + 1);
  const { manager, lockFile } = await managerOf(inside);
  const path = relative(root, lockFile);
  return {
    root,
    within: relative(root, folder),
    manager,
    lockFile: path,
    mainBranches: await mainBranchesOf(root),
    commands: commandsOf(manager, (await readIfThere(lockFile)) ?? ''),
  };
}

function foldersFrom(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersFrom(parent)];
}

async function firstIndex<T>(all: readonly T[], is: (each: T) => Promise<boolean>): Promise<number> {
  for (const [index, each] of all.entries()) if (await is(each)) return index;
  return -1;
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const manifestSchema = z.looseObject({ packageManager: z.string().optional() });

/** Returns the manager of the nearest lock file or of the `packageManager` of a package.json; npm where there is neither. */
async function managerOf(folders: readonly string[]): Promise<{ manager: PackageManager; lockFile: string }> {
  for (const folder of folders) {
    for (const manager of MANAGERS) {
      for (const name of LOCK_FILES[manager]) {
        if (await isThere(join(folder, name))) return { manager, lockFile: join(folder, name) };
      }
    }
    const named = await namedManager(folder);
    if (named !== undefined) return { manager: named, lockFile: join(folder, LOCK_FILES[named][0]) };
  }
  return { manager: 'npm', lockFile: join(folders[0] ?? '.', LOCK_FILES.npm[0]) };
}

async function namedManager(folder: string): Promise<PackageManager | undefined> {
  const text = await readIfThere(join(folder, 'package.json'));
  if (text === undefined) return undefined;
  const { packageManager = '' } = manifestSchema.parse(JSON.parse(text.replace('\uFEFF', '')));
  return MANAGERS.find((manager) => packageManager.startsWith(`${manager}@`));
}

function commandsOf(manager: PackageManager, lock: string): ManagerCommands {
  if (manager === 'npm') return { install: 'npm ci', exec: 'npx', add: 'npm install --save-dev' };
  if (manager === 'pnpm') return { install: 'pnpm install --frozen-lockfile', exec: 'pnpm exec', add: 'pnpm add -D' };
  const isClassic = lock.includes('# yarn lockfile v1');
  return {
    install: `yarn install ${isClassic ? '--frozen-lockfile' : '--immutable'}`,
    // Yarn 1 prints a banner on standard output, where a pipeline reads the output of a command.
    exec: isClassic ? 'yarn --silent' : 'yarn',
    add: 'yarn add -D',
  };
}

/** Returns the default branch of the clone's origin; the two usual names where it is unknown. */
async function mainBranchesOf(root: string): Promise<readonly string[]> {
  const head = join(root, '.git', 'refs', 'remotes', 'origin', 'HEAD');
  // In a worktree `.git` is a file.
  const text = await readFile(head, 'utf8').catch(() => '');
  const branch = /^ref: refs\/remotes\/origin\/([\w./-]+)$/m.exec(text)?.[1];
  return branch === undefined ? ['main', 'master'] : [branch];
}

const SCRIPT_NAME = 'drill';
const SCRIPT = 'dr-contracts drill';

const packageSchema = z.looseObject({
  type: z.string().optional(),
  scripts: z.record(z.string(), z.string()).optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  devDependencies: z.record(z.string(), z.string()).optional(),
});

/** The package.json of the project in which `init` was called. */
export interface UserPackage {
  readonly isModule: boolean;
  /** Whether the project itself depends on this package, so that its contracts can import it. */
  readonly dependsOnUs: boolean;
  /** An existing script with our name that does something else. */
  readonly otherScript: string | undefined;
  readonly before: string;
  /** Text with the script added. */
  readonly after: string;
}

/** @throws {ExplainedError} when there is no readable package.json here. */
export async function readUserPackage(folder: string): Promise<UserPackage> {
  const path = join(folder, 'package.json');
  let before: string;
  try {
    before = await readFile(path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new UsageError(
      {
        thing: `folder ${folder}`,
        expected: 'a package.json',
        observed: 'there is none',
        nextStep: 'Go to the root of your project, or run `npm install --save-dev dr-contracts` here, which makes one.',
      },
      { cause: error },
    );
  }
  const { manifest, asWritten } = parseManifest(before);
  const written = manifest.scripts?.[SCRIPT_NAME];
  const indent = /^[ \t]+/m.exec(before)?.[0] ?? '  ';
  const after = { ...asWritten, scripts: { ...manifest.scripts, [SCRIPT_NAME]: SCRIPT } };
  return {
    isModule: manifest.type === 'module',
    dependsOnUs: { ...manifest.dependencies, ...manifest.devDependencies }['dr-contracts'] !== undefined,
    otherScript: written === undefined || written === SCRIPT ? undefined : written,
    before,
    after: written === SCRIPT ? before : inStyleOf(before, `${JSON.stringify(after, undefined, indent)}\n`),
  };
}

const BOM = '\uFEFF';

/** Applies the line ends of the original file, so that only changed lines show up as changed. */
function inStyleOf(before: string, text: string): string {
  const withEnds = before.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
  return before.startsWith(BOM) ? `${BOM}${withEnds}` : withEnds;
}

/** Parses package.json. A schema would put its known fields first, but the written file must keep the author's order. */
function parseManifest(text: string) {
  try {
    const asWritten = z.record(z.string(), z.unknown()).parse(JSON.parse(text.replace(BOM, '')));
    return { manifest: packageSchema.parse(asWritten), asWritten };
  } catch (error) {
    throw new ExplainedError(
      {
        thing: 'package.json',
        expected: 'a package manifest',
        observed: `it cannot be read as one: ${summaryOf(error)}`,
        nextStep: 'Correct it, then run init again.',
      },
      { cause: error },
    );
  }
}
