import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { docker, dockerLines } from '../targets/docker/docker-command.ts';
import { dockerSettings, imageOf } from '../targets/docker/settings.ts';
import { ownScratch } from '../targets/docker/testing/own-scratch.ts';
import { leftOf, patient } from '../targets/docker/testing.ts';
import { arrived, notYet, waitFor } from '../wait/wait.ts';

const BIN = fileURLToPath(new URL('../../bin/dr-contracts.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** With Node's own flag the program considers this Node unable to run TypeScript: the shim starts another one, as on old machines. */
const SHIM = ['--no-experimental-strip-types', BIN];
const STRANGER = `stranger-${process.pid}`;

let scratch: string;

beforeAll(async () => {
  scratch = await ownScratch();
  const foreign = ['--label', 'somebody=else'];
  await docker(['volume', 'create', ...foreign, STRANGER], patient);
  await docker(['network', 'create', ...foreign, STRANGER], patient);
  await docker(
    [
      'run',
      '--detach',
      ...foreign,
      '--name',
      STRANGER,
      '--network',
      STRANGER,
      '--volume',
      `${STRANGER}:/data`,
      imageOf(dockerSettings(), 'nats'),
    ],
    patient,
  );
});

afterAll(async () => {
  await docker(['rm', '--force', STRANGER], patient);
  await docker(['volume', 'rm', STRANGER], patient);
  await docker(['network', 'rm', STRANGER], patient);
  vi.unstubAllEnvs();
});

interface RunningDrill {
  readonly shim: ChildProcess;
  /** The process that runs the drill. */
  readonly harnessPid: number;
  readonly sessions: readonly string[];
}

/** Starts the real command line, and returns it when its drill has reached the backup. */
async function drillInProgress(...contracts: string[]): Promise<RunningDrill> {
  const out = await mkdtemp(join(tmpdir(), 'dr-contracts-killed-'));
  onTestFinished(async () => await rm(out, { recursive: true, force: true }));
  const shim = spawn(
    process.execPath,
    [...SHIM, 'drill', '--target', 'docker', '--out', out, '--contract', ...contracts],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, CI: 'true', NO_COLOR: '1' } },
  );
  onTestFinished(() => void shim.kill());
  const lines: string[] = [];
  for await (const line of createInterface(shim.stdout)) {
    lines.push(line);
    if (/^\S+ \S+\/\S+: backup$/.test(line)) break;
  }
  expect(lines.at(-1), lines.join('\n')).toMatch(/: backup$/);
  shim.stdout.resume();
  return { shim, harnessPid: await childOf(shim.pid), sessions: await readdir(scratch) };
}

async function childOf(pid = 0): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  expect(children.trim()).toMatch(/^\d+$/);
  return Number(children);
}

async function untilEnded(pid: number): Promise<void> {
  const look = async () => {
    try {
      process.kill(pid, 0);
      return notYet('it lives');
    } catch {
      return arrived(undefined);
    }
  };
  await waitFor({ for: `process ${pid} to end`, budgetMs: 120_000, look }, systemClock, patient);
}

const leftOfAll = async (sessions: readonly string[]) => (await Promise.all(sessions.map(leftOf))).flat();

const strangers = async () => [
  ...(await dockerLines(['ps', '--filter', 'label=somebody=else', '--format', '{{.Names}} {{.State}}'], patient)),
  ...(await dockerLines(['volume', 'ls', '--filter', 'label=somebody=else', '--format', '{{.Name}}'], patient)),
  ...(await dockerLines(['network', 'ls', '--filter', 'label=somebody=else', '--format', '{{.Name}}'], patient)),
];

test('after kill -9 in the middle of a drill, gc leaves no container, network, volume or cluster of it, and touches nothing else', async () => {
  const { shim, harnessPid, sessions } = await drillInProgress('secrets-and-configuration', 'nats-streams');
  const before = await strangers();
  process.kill(harnessPid, 'SIGKILL');
  await once(shim, 'exit');
  // The shim ends by the same signal as its child, so that the run does not look complete.
  expect(shim.signalCode).toBe('SIGKILL');
  const kinds = new Set((await leftOfAll(sessions)).map((resource) => resource.split(' ')[0]));
  expect([...kinds].toSorted()).toEqual(['cluster', 'container', 'network', 'volume']);

  const { stdout } = await execa(process.execPath, [BIN, 'gc'], { cwd: ROOT, env: { NO_COLOR: '1' } });
  expect(stdout).toMatch(/^collected of session \w+ in docker: clusters .*\bdr-\w+-shared/m);
  expect(await leftOfAll(sessions)).toEqual([]);
  expect(await readdir(scratch)).toEqual([]);
  expect(before).toEqual([`${STRANGER} running`, STRANGER, STRANGER]);
  expect(await strangers()).toEqual(before);
});

test('a drill whose shim is killed with -9 ends by itself, and takes everything down', async () => {
  const { shim, harnessPid, sessions } = await drillInProgress('nats-streams');
  expect(await leftOfAll(sessions)).not.toEqual([]);
  shim.kill('SIGKILL');
  await untilEnded(harnessPid);
  expect(await leftOfAll(sessions)).toEqual([]);
  expect(await readdir(scratch)).toEqual([]);
});
