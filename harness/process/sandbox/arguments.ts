import { systemCallFilter } from './system-calls.ts';

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
