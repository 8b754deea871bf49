import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import { summaryOf } from '../model/errors.ts';
import { isRunning } from '../process/identity.ts';
import { livenessByName, scratchRoot } from '../process/scratch.ts';
import { endProcessesOf, type Judged, readRegistered, readSessionFile } from './session.ts';
import { strayProcesses } from './stray.ts';
import { type CollectOptions, judgeOwner, type Leftovers, type Swept, sweep } from './sweep.ts';

interface CollectedProcess {
  readonly pid: number;
  readonly name: string;
}

export interface CollectedSession {
  readonly id: string;
  readonly dir: string;
  /** Start of the session; undefined for a folder that never became a session. */
  readonly began: string | undefined;
  readonly killed: readonly CollectedProcess[];
}

interface FolderGarbage extends Pick<Swept<CollectedSession>, 'live' | 'leftAlone' | 'problems'> {
  readonly collected: readonly CollectedSession[];
}

/** Collects the folders of sessions whose owner is dead, with the processes that belong to them. */
export async function collectSessionFolders({ dryRun, clock }: CollectOptions): Promise<FolderGarbage> {
  const root = scratchRoot();
  const names = await entriesOf(root);
  const { found: collected, ...others } = await sweep(leftoversIn(root, names, clock), dryRun);
  return { ...others, collected };
}

/** Judges each when its turn comes: other sessions end and clean up at the same time. */
function* leftoversIn(root: string, names: readonly string[], clock: Clock): Generator<Leftovers<CollectedSession>> {
  for (const name of names) {
    const dir = join(root, name);
    const judged = judge(dir, name);
    yield {
      judged,
      where: dir,
      name: dir,
      describe: () => ({
        id: judged.kind === 'dead' ? judged.id : name,
        dir,
        began: judged.kind === 'dead' ? judged.began : undefined,
        killed: processesLeft(dir),
      }),
      remove: async () => await collect(dir, clock),
    };
  }
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

/** Returns the processes of a dead session that still run: the registered ones by name, and those that only carry its mark. */
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
