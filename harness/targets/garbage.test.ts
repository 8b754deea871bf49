import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { identify, identifySelf, isRunning, type ProcessIdentity, thisMachine } from '../process/identity.ts';
import { ownedName } from '../process/scratch.ts';
import { collectGarbage } from './garbage.ts';
import { openSession } from './session.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'drc-garbage-'));
  vi.stubEnv('DR_CONTRACTS_SCRATCH', root);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(root, { recursive: true, force: true });
  });
});

// No process with that pid ever started at that time.
const dead: ProcessIdentity = { pid: process.pid, startTime: '1' };

function sleeper(env: Record<string, string> = {}): { child: ChildProcess; identity: ProcessIdentity } {
  const child = spawn('sleep', ['600'], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error('sleep did not start');
  return { child, identity };
}

interface Left {
  readonly id: string;
  readonly owner: ProcessIdentity;
  readonly machine?: Partial<ReturnType<typeof thisMachine>>;
  readonly processes?: readonly ProcessIdentity[];
}

async function leaveSession({ id, owner, machine, processes = [] }: Left): Promise<string> {
  const dir = join(root, id);
  await mkdir(join(dir, 'processes'), { recursive: true });
  for (const identity of processes) {
    await writeFile(
      join(dir, 'processes', `server-${identity.pid}.json`),
      JSON.stringify({ name: 'server', ...identity }),
    );
  }
  const file = { id, owner, machine: { ...thisMachine(), ...machine }, began: '2026-01-01T00:00:00Z' };
  await writeFile(join(dir, 'session.json'), JSON.stringify(file));
  return dir;
}

test('a dead session’s processes and folder are collected and reported', async () => {
  const { identity } = sleeper();
  const dir = await leaveSession({ id: 'dead1', owner: dead, processes: [identity] });
  const report = await collectGarbage();
  expect(report.collected).toEqual([
    { id: 'dead1', dir, began: '2026-01-01T00:00:00Z', killed: [{ pid: identity.pid, name: 'server' }] },
  ]);
  await expect.poll(() => isRunning(identity)).toBe(false);
  expect(existsSync(dir)).toBe(false);
});

test('a dry run reports the same and touches nothing', async () => {
  const { identity } = sleeper();
  const dir = await leaveSession({ id: 'dead1', owner: dead, processes: [identity] });
  const dry = await collectGarbage({ dryRun: true });
  expect(isRunning(identity)).toBe(true);
  expect(existsSync(dir)).toBe(true);
  expect((await collectGarbage()).collected).toEqual(dry.collected);
});

test('a live session is never touched', async () => {
  const { identity } = sleeper();
  await leaveSession({ id: 'alive1', owner: identifySelf(), processes: [identity] });
  const report = await collectGarbage();
  expect(report).toMatchObject({ collected: [], live: ['alive1'] });
  expect(isRunning(identity)).toBe(true);
  expect(await readdir(root)).toEqual(['alive1']);
});

test('a process that was given a dead one’s pid is not killed', async () => {
  const { identity } = sleeper();
  await leaveSession({
    id: 'dead1',
    owner: dead,
    processes: [{ pid: identity.pid, startTime: `${identity.startTime}0` }],
  });
  const report = await collectGarbage();
  expect(report.collected.map(({ killed }) => killed)).toEqual([[]]);
  expect(isRunning(identity)).toBe(true);
});

test.runIf(process.platform === 'linux')(
  'a process that was never registered is found by its environment',
  async () => {
    const { identity: ours } = sleeper({ DR_CONTRACTS_SESSION_DIR: join(root, 'dead1') });
    const { identity: theirs } = sleeper({ DR_CONTRACTS_SESSION_DIR: join(root, 'dead10') });
    await leaveSession({ id: 'dead1', owner: dead });
    const report = await collectGarbage();
    expect(report.collected[0]?.killed).toEqual([{ pid: ours.pid, name: 'unregistered' }]);
    await expect.poll(() => isRunning(ours)).toBe(false);
    expect(isRunning(theirs)).toBe(true);
  },
);

test('a session of another machine is left alone, one from before a reboot is collected', async () => {
  await leaveSession({ id: 'elsewhere1', owner: dead, machine: { host: 'another-host' } });
  await leaveSession({ id: 'rebooted1', owner: identifySelf(), machine: { bootId: 'an earlier boot' } });
  const report = await collectGarbage();
  expect(report.leftAlone.map(({ reason }) => reason)).toEqual([expect.stringContaining('another-host')]);
  expect(report.collected.map(({ id }) => id)).toEqual(['rebooted1']);
});

test('a folder that nobody can read is left alone with the reason', async () => {
  await mkdir(join(root, 'strange'));
  await writeFile(join(root, 'strange', 'session.json'), '{');
  await mkdir(join(root, 'empty'));
  const report = await collectGarbage();
  expect(report.leftAlone.map(({ dir }) => dir).toSorted()).toEqual([join(root, 'empty'), join(root, 'strange')]);
  expect((await readdir(root)).toSorted()).toEqual(['empty', 'strange']);
});

test('E17: the home of a command is collected once the process that made it was killed', async () => {
  const maker = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { privateHome } from ${JSON.stringify(join(import.meta.dirname, '../process/private-home.ts'))};
       console.log(privateHome().path);
       setInterval(() => undefined, 1_000);`,
    ],
    { env: { ...process.env, DR_CONTRACTS_SCRATCH: root }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [printed] = (await once(maker.stdout, 'data')) as [Buffer];
  const home = printed.toString().trim();
  expect((await collectGarbage()).collected).toEqual([]);
  expect(existsSync(home)).toBe(true);
  maker.kill('SIGKILL');
  await once(maker, 'exit');
  expect((await collectGarbage()).collected.map(({ dir }) => dir)).toEqual([home]);
  expect(existsSync(home)).toBe(false);
});

test('a folder of a process in another container is left alone', async () => {
  const elsewhere = ownedName({ owner: dead, machine: { ...thisMachine(), pidNamespace: 'pid:[1]' } });
  await mkdir(join(root, elsewhere));
  const report = await collectGarbage();
  expect(report.leftAlone.map(({ dir }) => dir)).toEqual([join(root, elsewhere)]);
  expect(await readdir(root)).toEqual([elsewhere]);
});

test('a session that was never finished is collected once its maker is dead', async () => {
  const abandoned = ownedName({ owner: dead, machine: thisMachine() });
  const inTheMaking = ownedName({ owner: identifySelf(), machine: thisMachine() });
  await mkdir(join(root, abandoned));
  await mkdir(join(root, inTheMaking));
  const report = await collectGarbage();
  expect(report.collected.map(({ id }) => id)).toEqual([abandoned]);
  expect(await readdir(root)).toEqual([inTheMaking]);
});

test('nothing is collected where nothing was ever started', async () => {
  vi.stubEnv('DR_CONTRACTS_SCRATCH', join(root, 'not', 'made', 'yet'));
  expect(await collectGarbage()).toMatchObject({ collected: [], live: [], leftAlone: [], problems: [] });
});

test('two collectors at once do not trip over each other', async () => {
  for (const id of ['dead1', 'dead2', 'dead3']) await leaveSession({ id, owner: dead });
  const reports = await Promise.all([collectGarbage(), collectGarbage()]);
  expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
  expect(await readdir(root)).toEqual([]);
});

test('what the owner closes itself leaves nothing to collect', async () => {
  const session = await openSession(systemClock);
  const { identity } = sleeper();
  session.register('server', identity);
  await session[Symbol.asyncDispose]();
  expect(isRunning(identity)).toBe(false);
  expect(await readdir(root)).toEqual([]);
});

test('a session that changed its name is nobody’s', async () => {
  const dir = await leaveSession({ id: 'dead1', owner: dead });
  await rename(dir, join(root, 'dead2'));
  expect((await collectGarbage()).leftAlone).toHaveLength(1);
});
