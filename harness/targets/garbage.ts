import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../clock/clock.ts';
import { summaryOf } from '../model/errors.ts';
import { isRunning, livenessOf } from '../process/identity.ts';
import { livenessByName, scratchRoot } from '../process/scratch.ts';
import { collectDockerGarbage, type DockerLeftovers } from './docker/garbage.ts';
import type { KeptCluster } from './docker/kept-removal.ts';
import { endProcessesOf, type Judged, readRegistered, readSessionFile, type SessionFile } from './session.ts';
import { strayProcesses } from './stray.ts';

interface CollectedProcess {
  readonly pid: number;
  readonly name: string;
}

interface CollectedSession {
  readonly id: string;
  readonly dir: string;
  /** When it began; undefined for a folder that never became a session. */
  readonly began: string | undefined;
  readonly killed: readonly CollectedProcess[];
}

export interface GarbageReport {
  readonly scratchRoot: string;
  readonly dryRun: boolean;
  /** Left behind by an owner that is dead; collected, or only found in a dry run. */
  readonly collected: readonly CollectedSession[];
  /** What such owners left in the docker daemon; collected, or only found in a dry run. */
  readonly docker: readonly DockerLeftovers[];
  /** The kind cluster that `--keep` left running, if there is one. */
  readonly kept?: KeptCluster;
  /** Ids of sessions whose owner lives: not touched. */
  readonly live: readonly string[];
  /** Folders that were not touched because nobody can tell whose they are, each with the reason. */
  readonly leftAlone: readonly { readonly dir: string; readonly reason: string }[];
  /** Collected, but not completely: the message says what resisted. */
  readonly problems: readonly string[];
}

/**
 * Collects what sessions left behind whose owner died without teardown (`kill -9`, a crash, a reboot): ends their processes, and
 * removes their folders and what they had in the docker daemon. Never touches a session whose owner lives, a process that was merely given a dead one's pid, or a
 * folder that it cannot read. The kept cluster goes only with `kept`. Safe while other processes do the same.
 */
export async function collectGarbage(
  options: { readonly dryRun?: boolean; readonly kept?: boolean; readonly clock?: Clock } = {},
): Promise<GarbageReport> {
  const root = scratchRoot();
  const { dryRun = false, kept = false, clock = systemClock } = options;
  const collected: CollectedSession[] = [];
  const live: string[] = [];
  const leftAlone: { dir: string; reason: string }[] = [];
  const problems: string[] = [];
  for (const name of await entriesOf(root)) {
    const dir = join(root, name);
    const judged = judge(dir, name);
    if (judged.kind === 'live') live.push(judged.id);
    else if (judged.kind === 'unclear') leftAlone.push({ dir, reason: judged.reason });
    else {
      try {
        const killed = processesLeft(dir);
        collected.push({ id: judged.id, dir, began: judged.began, killed });
        if (!dryRun) await collect(dir, clock);
      } catch (error) {
        problems.push(`${dir}: ${summaryOf(error)}`);
      }
    }
  }
  // Only now: a process that is still making containers would go on behind the collection's back.
  const docker = await collectDockerGarbage(judgeOwner, { dryRun, kept });
  return {
    scratchRoot: root,
    dryRun,
    collected,
    docker: docker.collected,
    ...(docker.kept === undefined ? {} : { kept: docker.kept }),
    live,
    leftAlone: [...leftAlone, ...docker.leftAlone],
    problems: [...problems, ...docker.problems],
  };
}

function judge(dir: string, name: string): Judged {
  const byName = livenessByName(name);
  if (byName === 'live') return { kind: 'live', id: name };
  if (byName === 'dead') return { kind: 'dead', id: name, began: undefined };
  if (byName === 'unclear')
    return { kind: 'unclear', reason: 'its owner cannot be seen from this machine or container' };
  try {
    const file = readSessionFile(dir);
    if (file.id !== name) return { kind: 'unclear', reason: `its session.json says that it is ${file.id}` };
    return judgeOwner(file);
  } catch (error) {
    return { kind: 'unclear', reason: `its session.json cannot be read: ${summaryOf(error)}` };
  }
}

function judgeOwner({ id, owner, machine, began }: SessionFile): Judged {
  const kind = livenessOf({ owner, machine });
  if (kind !== 'unclear') return kind === 'live' ? { kind, id } : { kind, id, began };
  return { kind, reason: `it belongs to ${machine.host}, whose processes cannot be seen from here` };
}

/** The processes of a dead session that still run: the registered ones by name, and those that only carry its mark. */
function processesLeft(dir: string): CollectedProcess[] {
  const registered = readRegistered(dir)
    .filter(isRunning)
    .map(({ pid, name }) => ({ pid, name }));
  const strays = strayProcesses(dir).filter((pid) => !registered.some((known) => known.pid === pid));
  return [...registered, ...strays.map((pid) => ({ pid, name: 'unregistered' }))];
}

async function collect(dir: string, clock: Clock): Promise<void> {
  await endProcessesOf(dir, clock);
  await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

async function entriesOf(root: string): Promise<string[]> {
  try {
    return await readdir(root);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
