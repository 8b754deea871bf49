import { lstat, mkdir, readdir, readlink, realpath, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A folder or file of this machine at its place in the sandbox. */
export interface Mount {
  /** Absolute path on this machine. */
  readonly from: string;
  /** Absolute path in the sandbox. A mount inside another one comes after it. */
  readonly to: string;
  readonly mode: 'read-only' | 'read-write';
}

/** What a program of the platform sees, as plain data. */
export interface Sandbox {
  /** A folder of this machine that is the root file system: private to the run and kept on disk, so that dumps need no memory. */
  readonly root: string;
  readonly hostname: string;
  readonly mounts: readonly Mount[];
  /** Places of mounts that become read-only once all others are made: an empty folder in the place of the user's home. */
  readonly closed: readonly string[];
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** In the sandbox. */
  readonly workingDirectory: string;
}

/** Which `bwrap` runs it, and with what this machine permits. */
export interface BubblewrapOptions {
  readonly path: string;
  readonly userNamespace: boolean;
  readonly scopedBy: string | null;
}

/**
 * What root may do with the files that it sees, and what it may become. A container has these by default
 * (https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities), and programs that run as root count
 * on them: tar gives what it unpacks to the user who packed it, and fails where it cannot. In a user namespace of one user nobody
 * can give a file away.
 */
const OWNERSHIP = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_SETGID', 'CAP_SETUID'];

/**
 * The options for `bwrap --args`, each ended by a NUL. They are handed over in a pipe because they hold the environment: an
 * argument list can be read by every user of the machine.
 */
export function bubblewrapInstructions(sandbox: Sandbox, { userNamespace }: BubblewrapOptions): string {
  const { root, hostname, mounts, closed, environment, workingDirectory } = sandbox;
  const user = `${process.getuid?.() ?? 0}`;
  const group = `${process.getgid?.() ?? 0}`;
  const owner = userNamespace ? [] : OWNERSHIP.flatMap((capability) => ['--cap-add', capability]);
  const options = [
    ...(userNamespace ? ['--unshare-user', '--disable-userns', '--uid', user, '--gid', group] : []),
    // The network stays the machine's: the real systems listen on its loopback.
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try', '--hostname', hostname],
    ...['--cap-drop', 'ALL', ...owner, '--new-session', '--die-with-parent'],
    ...['--bind', root, '/'],
    ...['--dev', '/dev', '--proc', '/proc'],
    ...mounts.flatMap(({ from, to, mode }) => [mode === 'read-only' ? '--ro-bind' : '--bind', from, to]),
    // bubblewrap leaves /proc/sys writable for root, and with core_pattern there a program would have the kernel run
    // another one outside: it covers such folders only where access(2) says that they can be written, and the folder
    // itself never can, only the files in it.
    ...['/proc', ...closed].flatMap((place) => ['--remount-ro', place]),
    '--clearenv',
    ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--chdir', workingDirectory],
  ];
  return options.map((option) => `${option}\0`).join('');
}

/** landlock_create_ruleset(2) and landlock_restrict_self(2) have these numbers on every architecture. */
const CREATE_RULESET = 444;
const RESTRICT_SELF = 446;
/** LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL, since Linux 6.12. */
const SCOPES = 3;

/**
 * What comes before a command so that it can reach no abstract unix socket of this machine: such sockets belong to the network,
 * which stays the machine's, and have no path that could be left out.
 * https://docs.kernel.org/userspace-api/landlock.html#ipc-scoping
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

/** The arguments of `bwrap`: it reads its instructions from file descriptor 3, writes its status to 4 and reads the filter from 5. */
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
 * The system calls that no program of the platform needs and that lead out of a sandbox, or to parts of the kernel that only they
 * reach: namespaces, mounts, modules, keys, BPF. Docker refuses the same ones to a container without privileges
 * (https://docs.docker.com/engine/security/seccomp/). Root without a user namespace could make one with `unshare` otherwise, and
 * would have every capability in it.
 */

type Architecture = 'x64' | 'arm64';

/** From <linux/audit.h>. */
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
/** Its flags lie in memory, where a filter cannot look: it is said not to exist, and the C library takes `clone` instead. */
const CLONE3 = 435;
const CLONE_NEWUSER = 0x10000000;

const [EPERM, ENOSYS] = [1, 38];
const ALLOW = 0x7fff0000;
const refuse = (errno: number): number => 0x00050000 + errno;

/** Offsets in struct seccomp_data. */
const [NUMBER, ARCHITECTURE, FIRST_ARGUMENT] = [0, 4, 16];
/** A system call of the x32 interface, which has other numbers. */
const X32 = 0x40000000;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];
const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const end = (value: number): Instruction => [0x06, 0, 0, value];
/** Ends with `value` when the loaded word is `wanted`, goes on otherwise. */
const endWhen = (wanted: number, value: number): readonly Instruction[] => [[0x15, 0, 1, wanted], end(value)];

/**
 * A filter for `bwrap --seccomp`: an array of struct sock_filter.
 * @returns undefined for an architecture whose system calls are not known here.
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
