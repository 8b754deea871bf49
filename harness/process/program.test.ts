import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { isNotProvableHere } from '../model/errors.ts';
import type { HostSandbox } from '../model/target.ts';
import { hostSandbox } from '../toolchain/host-sandbox.ts';
import { type Program, type ProgramRun, runProgram } from './program.ts';

const CANARY = 'the-canary-of-this-machine';
let sandbox: HostSandbox;
let scratchDir: string;
/** A folder of the host that no program may read. */
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

async function run(script: string, more: Partial<Program> = {}, inside = sandbox): Promise<Required<ProgramRun>> {
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
  const options = { sandbox: inside, scratchDir, signal: AbortSignal.timeout(50_000), redact: (text: string) => text };
  return { left: [], kept: [], ...(await runProgram(program, options)) };
}

/** Scripts that try to leave the sandbox. Each succeeds if it gets through, so a closed way shows as a failure of its own command. */
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
  ['gain privileges by su or sudo', 'sudo -n mount -t tmpfs none /mnt || su -c "mount -t tmpfs none /mnt"'],
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

describe('what a program of the platform is given', () => {
  it('E04, E32: its whole environment is the documented list and its own variables', async () => {
    const { output } = await run('env | sort', { variables: { NATS_URL: 'nats://x' } });
    const names = output
      .split('\n')
      .map((line) => line.split('=', 1)[0])
      .filter((name) => name !== '' && name !== 'PWD' && name !== '_' && name !== 'SHLVL');
    const own = ['ABSTRACT', 'HOME_CANARY', 'NATS_URL', 'OUTSIDE', 'VICTIM'];
    const page = await readFile('docs/bring-your-own.md', 'utf8');
    const [, listed = ''] = /has exactly (.*?), and what `environment`/s.exec(page) ?? [];
    const every = [...listed.replaceAll(/\([^)]*\)/g, '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
    expect(every).toContain('PATH');
    expect(names.filter((name) => name !== 'OLDPWD')).toEqual([...every, ...own].toSorted());
    expect(output).toContain('TZ=UTC\n');
    expect(output).toContain('TMPDIR=/tmp\n');
  });

  it('E04: finds an entry for its user, whatever /etc/passwd of the host says', async () => {
    const { output } = await run(
      'python3 -c "import getpass, os, pwd; print(pwd.getpwuid(os.getuid()).pw_dir)"; id -un',
    );
    expect(output).toContain('/drill/home');
  });

  it('writes to its work folder, its home, /tmp and an empty disk, and finds nothing of them in the next run', async () => {
    const write =
      'echo a >here; echo b >~/there; echo c >/tmp/t; mkdir -p /var/backups; echo d >/var/backups/dump; pwd';
    const { output, left } = await run(write);
    expect(output).toContain('/drill/work');
    expect(left.map(({ path }) => path)).toEqual([
      '/drill/home/there',
      '/drill/work/here',
      '/tmp/t',
      '/var/backups/dump',
    ]);
    await expect(run('cat here ~/there /tmp/t /var/backups/dump')).rejects.toThrow(/No such file/);
  });

  it('is handed what is kept of another machine, with its modes, and no link of it leads out', async () => {
    const store = join(scratchDir, 'kept');
    const keys = await run(
      'mkdir -m 700 ~/.keys; echo key >~/.keys/one; ln -s "$OUTSIDE" ~/.keys/out; ln -s "$OUTSIDE" /way',
      {
        keeps: [
          { path: '/drill/home/.keys', to: join(store, '0') },
          { path: '/way/precious', to: join(store, '1') },
          { path: '/absent', to: join(store, '2') },
        ],
      },
    );
    expect(keys.kept).toEqual(['/drill/home/.keys']);
    const brought = [{ from: join(store, '0'), to: '/drill/home/.keys' }];
    // `|| true`: the script must go on when the sandbox refuses what it tries to read.
    const { output } = await run('stat -c %a ~/.keys; cat ~/.keys/one; cat ~/.keys/out/precious || true', {
      brought,
      machine: 'restore',
    });
    expect(output).toContain('700\nkey\n');
    expect(output).not.toContain(CANARY);
  });

  it('unpacks as root what another user packed, and gives it to that user as tar does', async () => {
    const pack = 'mkdir d; echo x >d/f; tar --owner=10001 --group=10001 -cf a.tar d; rm -r d; tar -xf a.tar; cat d/f';
    const { output } = await run(`${pack}; stat -c %u d/f`);
    expect(output.split('\n').slice(0, 2)).toEqual(['x', process.getuid?.() === 0 ? '10001' : `${process.getuid?.()}`]);
  });

  it('finds volumes at their real places, read-only where they are', async () => {
    const [data, config] = [join(scratchDir, 'data'), join(scratchDir, 'config')];
    for (const folder of [data, config]) await mkdir(folder);
    await writeFile(join(config, 'tool.sh'), '#!/bin/sh\necho from the volume\n', { mode: 0o755 });
    const mounts = [
      { from: data, to: '/srv/data/', mode: 'read-write' },
      { from: data, to: '/tmp', mode: 'read-write' },
      { from: config, to: '/etc/config', mode: 'read-only' },
      { from: join(config, 'tool.sh'), to: '/usr/local/bin/dr-tool', mode: 'read-only' },
    ] as const;
    const { output, left } = await run(
      'echo x >/srv/data/x; cat /tmp/x; dr-tool; cat /etc/config/tool.sh | head -1; echo no >/etc/config/new || echo closed',
      { mounts },
    );
    expect(output).toContain('x\nfrom the volume\n#!/bin/sh\nclosed');
    expect(await readFile(join(data, 'x'), 'utf8')).toBe('x\n');
    expect(left).toEqual([]);
    await expect(run('rm /usr/local/bin/dr-tool', { mounts })).rejects.toThrow();
  });

  it('B5: ends its children with it, also those in sessions of their own', async () => {
    const marker = `31${process.pid}`;
    const { output } = await run(`setsid sleep ${marker} & sleep ${marker} & sleep 0.2; echo done`);
    expect(output).toContain('done');
    await expect.poll(() => runningSleeps(marker)).toBe(0);
  });

  it('B5: writes without limit, and its last lines and warnings are kept', async () => {
    const { output, warnings } = await run(
      'echo "warning: early"; yes 0123456789 | head -c 9000000; echo the last line',
    );
    expect(output).toContain('the last line');
    expect(output.length).toBeLessThan(300_000);
    expect(warnings).toEqual(['warning: early']);
  });

  it('is ended when its drill is aborted', async () => {
    const marker = `32${process.pid}`;
    const controller = new AbortController();
    const running = runProgram(
      {
        name: 'x',
        file: 'sh',
        args: ['-c', `sleep ${marker}`],
        machine: 'backup',
        reads: [],
        tools: {},
        variables: {},
      },
      { sandbox, scratchDir, signal: controller.signal, redact: (text) => text },
    );
    await expect.poll(() => runningSleeps(marker)).toBeGreaterThan(0);
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await expect.poll(() => runningSleeps(marker)).toBe(0);
  });

  it('says of its own failure the line that names it', async () => {
    await writeFile(join(platform, 'restore.mjs'), "import '@absent/package';\n");
    const failing = run('', { file: 'node', args: [join(platform, 'restore.mjs')] });
    await expect(failing).rejects.toThrow(
      /it exited 1: Error \[ERR_MODULE_NOT_FOUND\]: Cannot find package '@absent\/package'[^\n]*\. Run/,
    );
  });

  it('does not see the repository’s own settings, where build machines keep tokens', async () => {
    await mkdir(join(platform, '.git'));
    await writeFile(join(platform, '.git', 'config'), CANARY);
    // `|| true`: the script must go on when the sandbox refuses what it tries to read.
    const { output } = await run('ls -a "$PLATFORM"; cat "$PLATFORM/.git/config" || true', {
      variables: { PLATFORM: platform },
    });
    expect(output).toContain('.git');
    expect(output).not.toContain(CANARY);
    await rm(join(platform, '.git'), { recursive: true });
  });
});

describe('a program that cannot start', () => {
  const script = async (name: string, text: string, mode = 0o755) => {
    const file = join(platform, name);
    await writeFile(file, text, { mode });
    return { file, written: `ops/${name}`, args: [], scripts: [file] };
  };

  it.each([
    [
      'E25: has Windows line ends',
      'crlf.sh',
      '#!/bin/sh\r\necho hi\r\n',
      /names \/bin\/sh\\r, which is not there \(it ends in a carriage return: Windows line ends\)\. Save it with Unix line ends: sed -i .* ops\/crlf\.sh/,
    ],
    [
      'E25: has Windows line ends behind env',
      'env.sh',
      '#!/usr/bin/env bash\r\n',
      /asks for bash\\r, which is not on PATH \(it ends in a carriage return/,
    ],
    [
      'E25: names an interpreter that is not there',
      'zsh.sh',
      '#!/opt/absent/zsh\n',
      /names \/opt\/absent\/zsh, which is not there\. Install that interpreter/,
    ],
    [
      'E25: asks env for one that is not there',
      'absent.sh',
      '#!/usr/bin/env absent-shell\n',
      /asks for absent-shell, which is not on PATH\. Install absent-shell/,
    ],
  ])('%s', async (_, name, text, said) => {
    await expect(run('', await script(name, text))).rejects.toThrow(said);
  });

  it('E22: is told how to make it executable, by its path in the contract', async () => {
    await expect(run('', await script('plain.sh', '#!/bin/sh\n', 0o644))).rejects.toThrow(
      'it is not executable. Run: chmod +x ops/plain.sh',
    );
    await expect(run('', { file: join(platform, 'gone.sh'), args: [] })).rejects.toThrow(
      'there is none. Correct the path',
    );
    await expect(run('', { file: 'dr-absent', args: [] })).rejects.toThrow('there is none on PATH');
  });

  it('breaks no promise where only its image has it', async () => {
    const image = 'tools:1';
    const failures = await Promise.all(
      [
        run('', { image, file: '/opt/tools/backup', args: [] }),
        run('', { image, file: 'dr-absent', args: [] }),
        run('dr-absent --now', { image }),
      ].map((attempt) => attempt.catch((error: unknown) => error)),
    );
    for (const failure of failures) {
      expect(isNotProvableHere(failure)).toBe(true);
      expect(String(failure)).toContain('the image tools:1 may have it');
    }
  });

  it('is not run where the machine refuses the sandbox, and that breaks no promise', async () => {
    const refused = { kind: 'refused', reason: 'user namespaces are forbidden', fix: 'Permit them.' } as const;
    const attempt = runProgram(
      { name: 'backup x', file: 'sh', args: ['-c', 'true'], machine: 'backup', reads: [], tools: {}, variables: {} },
      { sandbox: refused, scratchDir, signal: AbortSignal.timeout(10_000), redact: (text) => text },
    );
    const failure = await attempt.catch((error: unknown) => error);
    expect(isNotProvableHere(failure)).toBe(true);
    expect(String(failure)).toMatch(/user namespaces are forbidden\. Permit them\./);
  });
});

describe('without a sandbox', () => {
  const bare = (script: string, more: Partial<Program> = {}) => run(script, more, { kind: 'none', reason: 'a test' });

  it('a program has a machine of its own in so far as it keeps to its variables', async () => {
    const { output, left } = await bare('env; echo x >"$WORK_DIR/x"; echo y >"$TMPDIR/y"; pwd; command -v node');
    expect(output).toContain(`HOME=${scratchDir}`);
    expect(output).not.toContain('SSH');
    expect(left.map(({ path }) => path)).toEqual(['/drill/work/x', '/tmp/y']);
  });

  it('volumes are lent to their places, and what is there already is left alone', async () => {
    const data = join(scratchDir, 'bare-data');
    await mkdir(data);
    const place = join(tmpdir(), `dr-lent-${process.pid}`, 'data');
    const mounts = [{ from: data, to: place, mode: 'read-write' }] as const;
    await bare('echo x >"$PLACE/x"', { mounts, variables: { PLACE: place } });
    expect(await readFile(join(data, 'x'), 'utf8')).toBe('x\n');
    expect(await readdir(tmpdir())).not.toContain(`dr-lent-${process.pid}`);
    const taken = bare('rm -r "$OUTSIDE"/*', { mounts: [{ from: data, to: outside, mode: 'read-write' }] });
    expect(isNotProvableHere(await taken.catch((error: unknown) => error))).toBe(true);
    expect(await readFile(join(outside, 'precious'), 'utf8')).toBe(CANARY);
  });
});

/** Returns the number of processes of this machine that sleep for this time. */
async function runningSleeps(seconds: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line === `sleep\0${seconds}\0`).length;
}
