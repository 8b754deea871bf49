import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/** Folders of a machine, the same in every run. In the sandbox they are absolute paths; without one they are below `root`. */
export const WORK = '/drill/work';
export const HOME = '/drill/home';
/** Folder of the target's tools, by their plain names, first on PATH. */
export const TOOLS = '/drill/bin';

/** Empty folders that programs expect. */
const EMPTY = ['/media', '/mnt', '/opt', '/run', '/srv', '/var/cache', '/var/lib', '/var/log', '/var/run'];
const OPEN_TO_ALL = ['/tmp', '/var/tmp'];

/**
 * File system of a machine that exists for one run of a program: an empty disk with a work folder, a home and a `/tmp`. It holds everything
 * that the program writes outside its volumes. Disposal removes it.
 */
export interface Machine extends AsyncDisposable {
  /** Folder of this machine that becomes its root. */
  readonly root: string;
  /** Folder beside the root for parts of the sandbox; no program sees it. */
  readonly aside: string;
  readonly hostname: string;
  readonly user: string;
}

/** Makes a machine below `folder`. */
export async function newMachine(folder: string, hostname: string): Promise<Machine> {
  // The folder is for this user alone (0700). Others must not read the files that a program leaves here, even files that it opens to all.
  const own = await mkdtemp(join(folder, `${hostname}-`));
  const [root, aside] = [join(own, 'root'), join(own, 'aside')];
  await mkdir(aside);
  for (const place of [...EMPTY, WORK, HOME, TOOLS, '/etc']) await mkdir(join(root, place), { recursive: true });
  for (const place of OPEN_TO_ALL) {
    await mkdir(join(root, place), { recursive: true });
    await chmod(join(root, place), 0o1777);
  }
  const user = userName();
  await writeFile(join(root, '/etc/passwd'), passwd(user));
  await writeFile(join(root, '/etc/group'), groups(user));
  await writeFile(join(root, '/etc/hostname'), `${hostname}\n`);
  await writeFile(join(root, '/etc/hosts'), await hosts(hostname));
  return { root, aside, hostname, user, [Symbol.asyncDispose]: () => removeTree(own) };
}

/** Returns the user's name, or the uid of a user without an entry in /etc/passwd (an arbitrary uid in a container). */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `${process.getuid?.() ?? 0}`;
  }
}

/** Returns entries for root, nobody and the user. Programs find their own user, and no other user of this machine. */
function passwd(user: string): string {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  const own = `${user}:x:${uid}:${gid}:${user}:${HOME}:/bin/sh`;
  const root = uid === 0 ? [] : ['root:x:0:0:root:/root:/bin/sh'];
  return [...root, own, 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin', ''].join('\n');
}

function groups(user: string): string {
  const gid = process.getgid?.() ?? 0;
  const root = gid === 0 ? [] : ['root:x:0:'];
  return [...root, `${gid === 0 ? 'root' : user}:x:${gid}:`, 'nogroup:x:65534:', ''].join('\n');
}

/**
 * Returns the hosts of this machine, whose network the sandbox shares, and the host name of the sandbox, because a Java program looks up
 * its own name.
 */
async function hosts(hostname: string): Promise<string> {
  const known = await readFile('/etc/hosts', 'utf8').catch(() => '127.0.0.1 localhost\n::1 localhost\n');
  return `${known.trimEnd()}\n127.0.0.1 ${hostname}\n`;
}

/** Removes a folder that a program wrote, even if the program made folders in it read-only. */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')))
      throw error;
    await makeRemovable(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function makeRemovable(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeRemovable(join(folder, entry.name));
  }
}

/** A file that a program left on its machine, with its path there. */
export interface LeftFile {
  readonly path: string;
  readonly sizeBytes: number;
}

const LOOKED_AT = 20_000;
/** Files that every program of a kind writes and no restore needs. */
const NOT_WORTH_A_WORD = /^\/drill\/home\/\.(cache|npm|aws\/cli\/cache|kube\/cache|config\/nats)\//;

/** Returns the non-empty files that a program left outside the places in `except` (its mounts), by path. Reads at most 20,000 entries. */
export async function leftOn({ root }: Machine, except: readonly string[]): Promise<readonly LeftFile[]> {
  const own = new Set([...except, TOOLS, '/etc/passwd', '/etc/group', '/etc/hosts', '/etc/hostname', '/dev', '/proc']);
  const left: LeftFile[] = [];
  let looked = 0;
  const walk = async (place: string): Promise<void> => {
    const entries = await readdir(join(root, place), { withFileTypes: true }).catch(() => []);
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      looked += 1;
      if (looked > LOOKED_AT) return;
      const path = place === '/' ? `/${entry.name}` : `${place}/${entry.name}`;
      if (own.has(path)) continue;
      if (entry.isDirectory()) await walk(path);
      if (!entry.isFile() || NOT_WORTH_A_WORD.test(path)) continue;
      const { size } = await stat(join(root, path));
      if (size > 0) left.push({ path, sizeBytes: size });
    }
  };
  await walk('/');
  return left;
}
