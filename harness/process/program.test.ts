import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import type { HostSandbox } from '../model/sandbox.ts';
import { hostSandbox } from '../toolchain/host-sandbox.ts';
import { type Program, type ProgramRun, runProgram } from './program.ts';

const CANARY = 'the-canary-of-this-machine';
let sandbox: HostSandbox;
let scratchDir: string;
/** A folder of the host that no program is given. */
let outside: string;
/** The folder of the platform, which every program may read. */
let platform: string;
/** A process of the host with a secret in its environment. */
let bystander: ChildProcess;
let daemon: Server;
let abstractDaemon: Server;
let homeCanary: string;
let connections = 0;

beforeAll(async () => {
  const options = { clock: systemClock, signal: AbortSignal.timeout(170_000), progress: () => undefined };
  sandbox = await hostSandbox({ ...options, environment: { ...process.env, DR_CONTRACTS_DISPOSABLE_MACHINE: '' } });
  scratchDir = await mkdtemp(join(tmpdir(), 'dr-program-test-'));
  platform = await mkdtemp(join(tmpdir(), 'dr-platform-test-'));
  outside = await mkdtemp(join(tmpdir(), 'dr-outside-test-'));
  await writeFile(join(outside, 'precious'), CANARY);
  homeCanary = join(homedir(), `.dr-canary-${process.pid}`);
  await writeFile(homeCanary, CANARY);
  bystander = spawn('sleep', ['600'], { env: { SECRET_OF_BYSTANDER: CANARY }, stdio: 'ignore' });
  const count = () => {
    connections += 1;
  };
  daemon = createServer(count);
  await new Promise<void>((resolve) => daemon.listen(join(outside, 'daemon.sock'), resolve));
  abstractDaemon = createServer(count);
  await new Promise<void>((resolve) => abstractDaemon.listen(`\0dr-daemon-${process.pid}`, resolve));
}, 180_000);

afterAll(async () => {
  bystander.kill('SIGKILL');
  daemon.close();
  abstractDaemon.close();
  await rm(homeCanary, { force: true });
  for (const folder of [scratchDir, outside, platform]) await rm(folder, { recursive: true, force: true });
});

async function run(script: string, more: Partial<Program> = {}): Promise<ProgramRun> {
  const program: Program = {
    name: 'program',
    file: 'sh',
    args: ['-c', script],
    machine: 'backup',
    reads: [platform],
    tools: {},
    ...more,
    variables: {
      OUTSIDE: outside,
      HOME_CANARY: homeCanary,
      VICTIM: `${bystander.pid}`,
      ABSTRACT: `dr-daemon-${process.pid}`,
      ...more.variables,
    },
  };
  return await runProgram(program, {
    sandbox,
    scratchDir,
    signal: AbortSignal.timeout(50_000),
    redact: (text) => text,
  });
}

/** Each ends well when it got through, so that a way that is closed is seen as a failure of its own command. */
const ESCAPES: readonly (readonly [name: string, script: string])[] = [
  ['read a file by its absolute path', 'cat "$OUTSIDE/precious"'],
  ['write to an absolute path', 'echo overwritten >"$OUTSIDE/precious"'],
  ['delete by an absolute path', 'rm "$OUTSIDE/precious"'],
  ['list a folder of the host', 'ls "$OUTSIDE"/*'],
  ['climb out by ..', 'cat "../../../../../../..$OUTSIDE/precious"'],
  ['follow a symbolic link of its own', 'ln -s "$OUTSIDE/precious" link; cat link'],
  ['make a hard link', 'ln "$OUTSIDE/precious" link && cat link'],
  ['go through the root of process 1', 'cat "/proc/1/root$OUTSIDE/precious"'],
  ['go through the working folder of its parent', 'cat "/proc/$PPID/cwd/../../../../../..$OUTSIDE/precious"'],
  [
    'go through a file descriptor that was left open',
    'for fd in /proc/*/fd/*; do cat "$fd$OUTSIDE/precious" && exit; done; false',
  ],
  ['enter the namespaces of process 1', 'nsenter --target 1 --mount --pid cat "$OUTSIDE/precious"'],
  ['read the environment of another process', 'cat "/proc/$VICTIM/environ"'],
  ['see any process of the host', 'grep -aq SECRET_OF_BYSTANDER /proc/[0-9]*/environ'],
  ['kill a process of the host', 'kill -9 "$VICTIM"'],
  [
    'trace a process of the host',
    `python3 -c 'import ctypes, os, sys; sys.exit(ctypes.CDLL(None).ptrace(16, int(os.environ["VICTIM"]), 0, 0) != 0)'`,
  ],
  ['mount a folder of the host', 'mount --bind "$OUTSIDE" /mnt'],
  ['mount a file system of its own', 'mount -t tmpfs none /mnt'],
  ['mount in a user namespace of its own', 'unshare --user --map-root-user --mount mount -t tmpfs none /mnt'],
  [
    'break out of a chroot',
    `python3 -c 'import os; os.chroot("/tmp"); os.chdir("../../../.."); print(open(os.environ["OUTSIDE"] + "/precious").read())'`,
  ],
  ['pivot to another root', 'unshare --mount pivot_root /tmp /tmp'],
  ['make a device node', 'mknod disk b 8 0'],
  ['read a disk of the host', 'cat /dev/sd* /dev/vd* /dev/nvme* /dev/mem /dev/kmsg | head -c 1 | grep -q .'],
  ['load from the memory of the kernel', 'head -c 1 /proc/kcore | grep -q .'],
  [
    'become root by a setuid program',
    'cp /bin/sh shell && chmod 4755 shell && ./shell -p -c "mount -t tmpfs none /mnt"',
  ],
  ['gain privileges by su or sudo', 'sudo -n true || su -c true'],
  ['read the user’s home', 'cat "$HOME_CANARY"'],
  ['write to the user’s home', 'echo overwritten >"$HOME_CANARY"'],
  ['read password hashes', 'cat /etc/shadow'],
  ['read keys of the host', 'cat /etc/ssh/ssh_host* /etc/ssl/private/*'],
  ['change what the system runs', 'echo evil >/usr/bin/dr-evil'],
  ['have the kernel start a program outside', 'echo "|/bin/false" >/proc/sys/kernel/core_pattern'],
  ['change a setting of the kernel', 'cat /proc/sys/vm/swappiness >/proc/sys/vm/swappiness'],
  ['make /proc writable again', 'mount -o remount,rw /proc'],
  ['reach the daemon of docker', 'ls /var/run/docker.sock /run/docker.sock /run/containerd/containerd.sock'],
  ['reach the bus of the system', 'ls /run/dbus/system_bus_socket /var/run/dbus/system_bus_socket'],
  [
    'reach the socket of a daemon by its path',
    `python3 -c 'import os, socket; socket.socket(socket.AF_UNIX).connect(os.environ["OUTSIDE"] + "/daemon.sock")'`,
  ],
  [
    'reach an abstract socket of a daemon',
    `python3 -c 'import os, socket; socket.socket(socket.AF_UNIX).connect("\\0" + os.environ["ABSTRACT"])'`,
  ],
  ['write to the folder of the platform', 'echo overwritten >"$PLATFORM/file"'],
  ['delete in the folder of the platform', 'rm "$PLATFORM/file"'],
  ['change the modes of the platform’s files', 'chmod 777 "$PLATFORM/file"'],
  ['send a signal to everything', 'kill -9 -1; kill -0 "$VICTIM"'],
  ['find the folder of the session', 'ls "$SCRATCH"/*'],
  [
    'type into the terminal of the user',
    `python3 -c 'import fcntl, termios; fcntl.ioctl(open("/dev/tty"), termios.TIOCSTI, "x")'`,
  ],
  ['use shared memory of the host', 'ls /dev/shm/* || ipcs -m | grep -q "^0x"'],
];

describe('C01: what a program of the platform cannot do', () => {
  it.each(ESCAPES)('%s', async (_, script) => {
    await writeFile(join(platform, 'file'), 'of the platform');
    const before = connections;
    const told: string[] = [];
    const attempt = run(script, { variables: { PLATFORM: platform, SCRATCH: scratchDir } });
    await attempt.then(
      ({ output }) => told.push(output),
      (error: Error) => told.push(error.message),
    );
    expect(await readFile(join(outside, 'precious'), 'utf8')).toBe(CANARY);
    expect(await readdir(outside)).toEqual(['daemon.sock', 'precious']);
    expect(await readFile(homeCanary, 'utf8')).toBe(CANARY);
    expect(await readFile(join(platform, 'file'), 'utf8')).toBe('of the platform');
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    expect(connections).toBe(before);
    expect(told.join('\n')).not.toContain(CANARY);
    await expect(attempt).rejects.toThrow();
  });
});
