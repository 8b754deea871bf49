import { lstat, mkdir, readdir, readlink, realpath, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A folder or file of this machine, with its place in the sandbox. */
export interface Mount {
  /** Absolute path on this machine. */
  readonly from: string;
  /** Absolute path in the sandbox. A mount inside another one comes after it. */
  readonly to: string;
  readonly mode: 'read-only' | 'read-write';
}

/** The view of a program of the platform, as plain data. */
export interface Sandbox {
  /** Folder of this machine that is the root file system. It is private to the run, and on disk, so dumps need no memory. */
  readonly root: string;
  readonly hostname: string;
  readonly mounts: readonly Mount[];
  /** Places of mounts that become read-only after all mounts are made: an empty folder in place of the user's home. */
  readonly closed: readonly string[];
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Path in the sandbox. */
  readonly workingDirectory: string;
}

/** The `bwrap` to use, and the features that this machine permits. */
export interface BubblewrapOptions {
  readonly path: string;
  readonly userNamespace: boolean;
  readonly scopedBy: string | null;
}

/**
 * Capabilities of root on its files and for changing its user. A container has these by default
 * (https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities), and programs that run as root rely on them:
 * tar gives unpacked files to the user who packed them, and fails if it cannot. In a user namespace of one user, files cannot be given to
 * another user.
 */
const OWNERSHIP = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_SETGID', 'CAP_SETUID'];

/**
 * Returns the options for `bwrap --args`, each ended by a NUL. They go through a pipe because they hold the environment: every user of the
 * machine can read an argument list.
 */
export function bubblewrapInstructions(sandbox: Sandbox, { userNamespace }: BubblewrapOptions): string {
  const { root, hostname, mounts, closed, environment, workingDirectory } = sandbox;
  const user = `${process.getuid?.() ?? 0}`;
  const group = `${process.getgid?.() ?? 0}`;
  const owner = userNamespace ? [] : OWNERSHIP.flatMap((capability) => ['--cap-add', capability]);
  const options = [
    ...(userNamespace ? ['--unshare-user', '--disable-userns', '--uid', user, '--gid', group] : []),
    // The sandbox uses the machine's network, because the real systems listen on its loopback.
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try', '--hostname', hostname],
    ...['--cap-drop', 'ALL', ...owner, '--new-session', '--die-with-parent'],
    ...['--bind', root, '/'],
    ...['--dev', '/dev', '--proc', '/proc'],
    ...mounts.flatMap(({ from, to, mode }) => [mode === 'read-only' ? '--ro-bind' : '--bind', from, to]),
    // bubblewrap leaves /proc/sys writable for root. A program could use core_pattern there to have the kernel run another program outside.
    // bubblewrap covers such folders only if access(2) reports them as writable. Only the files in /proc/sys are writable, never the folder
    // itself.
    ...['/proc', ...closed].flatMap((place) => ['--remount-ro', place]),
    '--clearenv',
    ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--chdir', workingDirectory],
  ];
  return options.map((option) => `${option}\0`).join('');
}

/** Numbers of landlock_create_ruleset(2) and landlock_restrict_self(2), the same on every architecture. */
const CREATE_RULESET = 444;
const RESTRICT_SELF = 446;
/** LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL, since Linux 6.12. */
const SCOPES = 3;

/**
 * Returns the arguments before a command that block abstract unix sockets of this machine. Such sockets belong to the machine's network,
 * which the sandbox shares, and have no path that could be left out. https://docs.kernel.org/userspace-api/landlock.html#ipc-scoping
 */
function scopeArguments(scopedBy: string | null): readonly string[] {
  if (scopedBy === null) return [];
  if (scopedBy.endsWith('perl')) return [scopedBy, '-e', PERL];
  return [scopedBy, '-ISs', '-c', PYTHON];
}

const PERL = [
  `my $rules = pack('QQQ', 0, 0, ${SCOPES}); my $fd = syscall(${CREATE_RULESET}, $rules, 24, 0);`,
  `$fd >= 0 && syscall(${RESTRICT_SELF}, $fd, 0) == 0 or die "landlock: $!\\n";`,
  'exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\\n";',
].join(' ');

const PYTHON = [
  'import ctypes, os, struct, sys',
  'libc = ctypes.CDLL(None, use_errno=True)',
  `fd = libc.syscall(${CREATE_RULESET}, struct.pack("QQQ", 0, 0, ${SCOPES}), 24, 0)`,
  `fd >= 0 and libc.syscall(${RESTRICT_SELF}, fd, 0) == 0 or sys.exit("landlock: " + os.strerror(ctypes.get_errno()))`,
  'os.execv(sys.argv[1], sys.argv[1:])',
].join('\n');

/**
 * Returns the arguments of `bwrap`. It reads its instructions from file descriptor 3, writes its status to 4 and reads the filter from 5.
 */
export function bubblewrapArguments(
  { scopedBy }: Pick<BubblewrapOptions, 'scopedBy'>,
  command: readonly string[],
): { readonly args: readonly string[]; readonly filter: Uint8Array | undefined } {
  const filter = systemCallFilter();
  const filtered = filter === undefined ? [] : ['--seccomp', '5'];
  const args = ['--args', '3', '--json-status-fd', '4', ...filtered, '--', ...scopeArguments(scopedBy), ...command];
  return { args, filter };
}

/**
 * System calls that no program of the platform needs. They lead out of a sandbox, or to parts of the kernel that only they reach:
 * namespaces, mounts, modules, keys, BPF. Docker refuses the same calls to a container without privileges
 * (https://docs.docker.com/engine/security/seccomp/). Otherwise root without a user namespace could make one with `unshare`, and would have
 * every capability in it.
 */

type Architecture = 'x64' | 'arm64';

/** Numbers of <linux/audit.h>. */
const AUDIT_ARCHITECTURE: Readonly<Record<Architecture, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** unshare, setns, mount, umount2, pivot_root, open_by_handle_at, init_module, delete_module, finit_module, kexec_load, add_key,
 *  request_key, keyctl, perf_event_open, bpf, userfaultfd: numbers of <asm/unistd.h>. */
const REFUSED: Readonly<Record<Architecture, readonly number[]>> = {
  x64: [272, 308, 165, 166, 155, 304, 175, 176, 313, 246, 248, 249, 250, 298, 321, 323],
  arm64: [97, 268, 40, 39, 41, 265, 105, 106, 273, 104, 217, 218, 219, 241, 280, 282],
};
/** open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr: the same on every architecture. */
const REFUSED_EVERYWHERE = [428, 429, 430, 431, 432, 433, 442];
const CLONE: Readonly<Record<Architecture, number>> = { x64: 56, arm64: 220 };
/**
 * Number of clone3. Its flags are in memory, which a filter cannot read. The filter reports the call as missing, and the C library uses
 * `clone` instead.
 */
const CLONE3 = 435;
const CLONE_NEWUSER = 0x10000000;

const [EPERM, ENOSYS] = [1, 38];
const ALLOW = 0x7fff0000;
const refuse = (errno: number): number => 0x00050000 + errno;

/** Offsets in struct seccomp_data. */
const [NUMBER, ARCHITECTURE, FIRST_ARGUMENT] = [0, 4, 16];
/** Bit of system calls of the x32 interface, which have other numbers. */
const X32 = 0x40000000;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];
const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const end = (value: number): Instruction => [0x06, 0, 0, value];
/** Ends with `value` when the loaded word is `wanted`; otherwise continues. */
const endWhen = (wanted: number, value: number): readonly Instruction[] => [[0x15, 0, 1, wanted], end(value)];

/**
 * Returns a filter for `bwrap --seccomp`: an array of struct sock_filter.
 * @returns undefined for an architecture whose system calls this file does not list.
 */
export function systemCallFilter(architecture: string = process.arch): Uint8Array | undefined {
  if (architecture !== 'x64' && architecture !== 'arm64') return undefined;
  const program: readonly Instruction[] = [
    load(ARCHITECTURE),
    [0x15, 1, 0, AUDIT_ARCHITECTURE[architecture]],
    end(refuse(ENOSYS)),
    load(NUMBER),
    [0x35, 0, 1, X32],
    end(refuse(ENOSYS)),
    ...[...REFUSED[architecture], ...REFUSED_EVERYWHERE].flatMap((call) => endWhen(call, refuse(EPERM))),
    ...endWhen(CLONE3, refuse(ENOSYS)),
    [0x15, 0, 3, CLONE[architecture]],
    load(FIRST_ARGUMENT),
    [0x45, 0, 1, CLONE_NEWUSER],
    end(refuse(EPERM)),
    end(ALLOW),
  ];
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.setUint16(index * 8, code, true);
    bytes.setUint8(index * 8 + 2, ifTrue);
    bytes.setUint8(index * 8 + 3, ifFalse);
    bytes.setUint32(index * 8 + 4, value, true);
  }
  return new Uint8Array(bytes.buffer);
}

/** Folders of Linux distributions for programs and their libraries; `/nix/store` and `/gnu/store` are those of NixOS and Guix. */
const PROGRAM_FOLDERS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store', '/gnu/store'];

/**
 * Parts of /etc that programs need, by name: look-up of names and libraries, certificates, time zones, alternatives, settings of language
 * run times. The rest of /etc is left out: password hashes, host keys, settings of daemons, credentials.
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
/** Settings of language run times whose folders carry a version: `/etc/java-17-openjdk`, `/etc/python3.11`. */
const VERSIONED_SETTINGS = /^(java-\d+.*|python\d.*|php\d*|ruby.*)$/;

/**
 * Returns read-only mounts of the system's programs and their settings. Prepares their places below `root`, which becomes the root file
 * system. A merged `/bin` becomes a link there, as on this machine.
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
  // A relative link stays inside the root while the sandbox is set up.
  await symlink(target.replace(/^\//, ''), at);
}

async function versionedSettings(): Promise<string[]> {
  const names = await readdir('/etc').catch(() => []);
  const paths = names.filter((name) => VERSIONED_SETTINGS.test(name)).map((name) => `/etc/${name}`);
  const folders = await Promise.all(paths.map(async (path) => (await stat(path)).isDirectory()));
  return paths.filter((_, index) => folders[index]);
}
