import { lstat, mkdir, readdir, readlink, realpath, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { isSystemPath, type Mount } from './arguments.ts';
import { isInside, isWide } from './installed.ts';

/**
 * Returns the mounts in the order in which they can be made: outer ones first, each place once (the last one wins). Leaves out mounts that
 * an outer one already shows, directly or by a link.
 */
export async function orderedMounts(mounts: readonly Mount[]): Promise<readonly Mount[]> {
  const byPlace = new Map(mounts.map((mount) => [mount.to, mount]));
  const outerFirst = [...byPlace.values()].toSorted((a, b) => depthOf(a.to) - depthOf(b.to));
  const ordered: Mount[] = [];
  for (const mount of outerFirst) {
    const outer = ordered.findLast(({ to }) => isInside(mount.to, to));
    if (outer === undefined || outer.mode !== mount.mode || !(await shows(outer, mount))) ordered.push(mount);
  }
  return ordered;
}

async function shows(outer: Mount, { from, to }: Mount): Promise<boolean> {
  const shown = join(outer.from, to.slice(outer.to.length));
  return shown === from || (await realpath(shown).catch(() => undefined)) === from;
}

const depthOf = (path: string): number => path.split('/').filter((part) => part !== '').length;

/** Normalises a path: `/data/` and `/data/./` become `/data`. Returns null for a path that is not below the root. */
export function normalisedPlace(path: string): string | null {
  const normal = posix.normalize(path).replace(/\/+$/, '');
  return normal.startsWith('/') ? normal : null;
}

/** Largest folder that can be laid out again entry by entry. */
const MOST_ENTRIES = 1_500;

/**
 * Makes room for mounts inside read-only folders of the system, where no mount point can be made. A folder below `aside` replaces the
 * system folder; each entry is mounted or linked into it.
 * @returns the mounts to make before them, or the place that cannot be made.
 */
export async function roomFor(
  places: readonly string[],
  aside: string,
): Promise<{ readonly mounts: readonly Mount[] } | { readonly impossible: string }> {
  const mounts: Mount[] = [];
  for (const place of places) {
    const at = await throughLinks(place);
    if (!isSystemPath(at) || (await exists(at))) continue;
    let folder = dirname(at);
    while (!(await exists(folder))) folder = dirname(folder);
    if (mounts.some(({ to }) => to === folder)) continue;
    const entries = await readdir(folder, { withFileTypes: true });
    if (entries.length > MOST_ENTRIES) return { impossible: place };
    const own = join(aside, folder);
    await mkdir(own, { recursive: true });
    mounts.push({ from: own, to: folder, mode: 'read-write' });
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isSymbolicLink()) await symlink(await readlink(path), join(own, entry.name));
      else mounts.push({ from: path, to: path, mode: 'read-only' });
    }
  }
  return { mounts };
}

/** Follows a link at the top: `/bin/x` becomes `/usr/bin/x` if `/bin` is a link. */
async function throughLinks(place: string): Promise<string> {
  const [, top = '', ...rest] = place.split('/');
  const link = await readlink(`/${top}`).catch(() => undefined);
  return link !== undefined && isSystemPath(`/${top}`) ? posix.join('/', link, ...rest) : place;
}

const exists = async (path: string): Promise<boolean> =>
  await lstat(path).then(
    () => true,
    () => false,
  );

/**
 * Returns mounts of the repository of a user's folder, or of the folder itself outside a repository. An empty folder (`covered`) hides its
 * `.git`, whose configuration holds access tokens on many build machines.
 */
export async function projectMounts(folder: string, covered: string): Promise<readonly Mount[]> {
  const real = await realpath(folder).catch(() => undefined);
  if (real === undefined || isSystemPath(real)) return [];
  const root = (await repositoryOf(real)) ?? real;
  if (root === homedir()) return await withoutHidden(root);
  // The root is a folder such as /tmp, which holds files of any user.
  if (isWide(root)) return [];
  const mounts: Mount[] = [{ from: root, to: root, mode: 'read-only' }];
  if (real !== folder) mounts.push({ from: real, to: folder, mode: 'read-only' });
  const git = await lstat(join(root, '.git')).catch(() => undefined);
  if (git?.isDirectory() === true) mounts.push({ from: covered, to: join(root, '.git'), mode: 'read-only' });
  return [...mounts, ...(await packagesAbove(root))];
}

async function repositoryOf(folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    if (isWide(at)) return undefined;
    if (await exists(join(at, '.git'))) return at;
    if (dirname(at) === at) return undefined;
  }
}

/** Returns mounts of `node_modules` in each folder above, because Node looks for packages there, too. */
async function packagesAbove(folder: string): Promise<readonly Mount[]> {
  const mounts: Mount[] = [];
  for (let at = dirname(folder); ; at = dirname(at)) {
    const packages = join(at, 'node_modules');
    const real = await realpath(packages).catch(() => undefined);
    if (real !== undefined) mounts.push({ from: real, to: packages, mode: 'read-only' });
    if (dirname(at) === at) return mounts;
  }
}

/** Returns mounts of a project that is the user's home, without hidden files and folders, which hold credentials. */
async function withoutHidden(folder: string): Promise<readonly Mount[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const shown = entries.filter(({ name }) => !name.startsWith('.'));
  return shown.map(({ name }) => ({ from: join(folder, name), to: join(folder, name), mode: 'read-only' as const }));
}
