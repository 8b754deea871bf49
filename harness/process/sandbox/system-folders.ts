import { lstat, mkdir, readdir, readlink, realpath, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Mount } from './arguments.ts';

/** Where Linux distributions keep programs and their libraries; `/nix/store` and `/gnu/store` are those of NixOS and Guix. */
const PROGRAM_FOLDERS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store', '/gnu/store'];

/**
 * What programs need of /etc, by name: how names and libraries are found, certificates, time zones, alternatives, settings of
 * language run times. Everything else of /etc is left out: password hashes, host keys, settings of daemons, credentials.
 */
const SETTINGS = [
  ...[
    'ld.so.cache',
    'ld.so.conf',
    'ld.so.conf.d',
    'alternatives',
    'nsswitch.conf',
    'host.conf',
    'gai.conf',
    'resolv.conf',
  ],
  ...[
    'services',
    'protocols',
    'netconfig',
    'rpc',
    'ethertypes',
    'localtime',
    'timezone',
    'locale.conf',
    'locale.alias',
  ],
  ...['os-release', 'debian_version', 'mime.types', 'magic', 'terminfo', 'inputrc', 'profile.d/lang.sh'],
  ...['ssl/certs', 'ssl/openssl.cnf', 'ssl/cert.pem', 'ca-certificates.conf', 'ca-certificates/extracted'],
  ...['pki/tls/certs', 'pki/tls/cert.pem', 'pki/tls/openssl.cnf', 'pki/ca-trust/extracted', 'crypto-policies'],
  ...['perl', 'java', 'postgresql-common'],
].map((name) => `/etc/${name}`);
/** Of language run times whose folders carry a version: `/etc/java-17-openjdk`, `/etc/python3.11`. */
const VERSIONED_SETTINGS = /^(java-\d+.*|python\d.*|php\d*|ruby.*)$/;

/**
 * The system's programs and the settings they need, read-only. Prepares their places below `root`, which becomes the root file
 * system: a merged `/bin` is a link there as it is here.
 */
export async function systemMounts(root: string): Promise<readonly Mount[]> {
  const mounts: Mount[] = [];
  for (const folder of PROGRAM_FOLDERS) {
    const found = await lstat(folder).catch(() => undefined);
    if (found === undefined) continue;
    if (found.isSymbolicLink()) await linkAs(folder, join(root, folder));
    else mounts.push({ from: folder, to: folder, mode: 'read-only' });
  }
  for (const path of [...SETTINGS, ...(await versionedSettings())]) {
    const real = await realpath(path).catch(() => undefined);
    if (real !== undefined) mounts.push({ from: real, to: path, mode: 'read-only' });
  }
  return mounts;
}

/** True for a path whose content is the system's own, in the sandbox as outside. */
export const isSystemPath = (path: string): boolean =>
  PROGRAM_FOLDERS.some((folder) => path === folder || path.startsWith(`${folder}/`));

async function linkAs(link: string, at: string): Promise<void> {
  const target = await readlink(link);
  await mkdir(dirname(at), { recursive: true });
  // Relative, so that it leads nowhere else while the sandbox is set up.
  await symlink(target.replace(/^\//, ''), at);
}

async function versionedSettings(): Promise<string[]> {
  const names = await readdir('/etc').catch(() => []);
  const paths = names.filter((name) => VERSIONED_SETTINGS.test(name)).map((name) => `/etc/${name}`);
  const folders = await Promise.all(paths.map(async (path) => (await stat(path)).isDirectory()));
  return paths.filter((_, index) => folders[index]);
}
