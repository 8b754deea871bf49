import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { messagesOf } from '../model/errors.ts';
import { execute, runCommand } from './run.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-run-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const signal = () => AbortSignal.timeout(50_000);
const shell = (text: string) => ({ name: 'test', file: '/bin/sh', args: ['-c', text] });

/** Returns true when the process whose pid is in the file has ended. */
async function isGone(pidFile: string): Promise<boolean> {
  const pid = Number(await readFile(pidFile, 'utf8'));
  try {
    // An unreaped zombie still accepts signals, but its state shows that it has ended.
    return / Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

describe('a command', () => {
  it('B5: may write more than any limit, and all of it is read', async () => {
    const { stdout } = await runCommand(shell('yes 0123456789abcdef | head -c 9000000'), signal());
    expect(stdout.length).toBe(9_000_000);
  });

  it('B5: keeps the last bytes of its output where that is enough', async () => {
    const ended = await execute(
      {
        file: '/bin/sh',
        args: ['-c', 'yes 0123456789abcdef | head -c 9000000; echo; echo last'],
        env: {},
        keptBytes: 1_000,
      },
      signal(),
    );
    expect(ended.exitCode).toBe(0);
    expect(ended.stdout.length).toBeLessThanOrEqual(1_000);
    expect(ended.stdout.endsWith('\nlast\n')).toBe(true);
    expect(ended.stdout.startsWith('0123456789abcdef\n')).toBe(true);
  });

  it('B5: ends its background children with it, and does not wait for the output they hold', async () => {
    const pidFile = join(folder, 'background');
    const { stdout } = await runCommand(shell(`sleep 300 & echo $! >${pidFile}; echo done`), signal());
    expect(stdout).toBe('done\n');
    await expect.poll(() => isGone(pidFile)).toBe(true);
  });

  it('B5: does not hang on a child that left its process group and holds the output', async () => {
    const pidFile = join(folder, 'daemon');
    const { stdout } = await runCommand(
      shell(`setsid sh -c 'echo $$ >${pidFile}; exec sleep 300' & sleep 0.3; echo done`),
      signal(),
    );
    expect(stdout).toBe('done\n');
    process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGKILL');
  });

  it('is ended with its children when the signal is aborted', async () => {
    const pidFile = join(folder, 'aborted');
    const controller = new AbortController();
    const running = runCommand(shell(`sleep 300 & echo $! >${pidFile}; wait`), controller.signal);
    await expect.poll(() => readFile(pidFile, 'utf8').catch(() => '')).toMatch(/\d\n/);
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await expect.poll(() => isGone(pidFile)).toBe(true);
  });

  it('B10: finds nothing of the user in its home, and leaves nothing there', async () => {
    const home = join(folder, 'home-of-the-user');
    await mkdir(join(home, '.kube'), { recursive: true });
    await writeFile(join(home, '.kube', 'kuberc'), 'canary');
    vi.stubEnv('HOME', home);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { stdout } = await runCommand(
      shell('echo "$HOME"; ls -A "$HOME"; mkdir "$HOME/.kube" && echo cached >"$HOME/.kube/cache"'),
      signal(),
    );
    const [own = '', ...entries] = stdout.trim().split('\n');
    expect(own).not.toBe(home);
    expect(entries).toEqual([]);
    expect(existsSync(own)).toBe(false);
    expect(await readdir(join(home, '.kube'))).toEqual(['kuberc']);
  });

  it('has the home that it is given', async () => {
    const { stdout } = await runCommand({ ...shell('echo "$HOME"'), env: { HOME: folder } }, signal());
    expect(stdout).toBe(`${folder}\n`);
  });

  it('that fails says how and why', async () => {
    const failure = await runCommand(shell('echo begins; echo "the bucket is gone." >&2; exit 3'), signal()).catch(
      (error: unknown) => error,
    );
    expect(messagesOf(failure)[0]).toContain('but it exited 3: the bucket is gone.');
    await expect(runCommand(shell('kill -TERM $$'), signal())).rejects.toThrow('it was ended by SIGTERM');
    await expect(runCommand({ name: 'x', file: '/nowhere/x', args: [] }, signal())).rejects.toThrow(
      'it could not be started (ENOENT)',
    );
  });
});

describe('redaction', () => {
  it('B11: replaces the longest secret first', async () => {
    const failing = { ...shell('echo abcdef abc >&2; exit 3'), secrets: ['abc', 'abcdef'] };
    await expect(runCommand(failing, signal())).rejects.toThrow(
      'it exited 3: *** ***. Run it by hand: /bin/sh -c echo *** *** >&2; exit 3',
    );
  });
});
