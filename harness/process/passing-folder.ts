import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { lstat, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { summaryOf } from '../model/errors.ts';
import { identifySelf, isRunning, type ProcessIdentity } from './identity.ts';

/** A folder for one command. Disposal removes it; after `kill -9`, `gc` does. */
export interface PassingFolder extends Disposable {
  readonly path: string;
}

const NAME = /^dr-(?:home|sandbox-probe)~(?<host>[^~]+)~(?<pid>[1-9]\d*)~(?<startTime>[^~]+)~[A-Za-z0-9]{6}$/;

let self: ProcessIdentity | undefined;

/** Makes an empty folder outside any session. Its name tells which process of which host owns it. */
export function passingFolder(purpose: 'home' | 'sandbox-probe'): PassingFolder {
  self ??= identifySelf();
  const owner = [hostname(), `${self.pid}`, self.startTime].map(encodeURIComponent).join('~');
  const path = mkdtempSync(join(tmpdir(), `dr-${purpose}~${owner}~`));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}

export interface CollectedFolders {
  /** Removed, or only found in a dry run. */
  readonly folders: readonly string[];
  readonly problems: readonly string[];
}

/** Removes the passing folders of this user whose process on this host is dead. */
export async function collectPassingFolders({ dryRun }: { readonly dryRun: boolean }): Promise<CollectedFolders> {
  const folders: string[] = [];
  const problems: string[] = [];
  for (const name of readdirSync(tmpdir())) {
    const path = join(tmpdir(), name);
    try {
      if (!isAbandoned(name) || !(await isOwnFolder(path))) continue;
      folders.push(path);
      if (!dryRun) await rm(path, { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      // Another collector was quicker.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') continue;
      problems.push(`${path}: ${summaryOf(error)}`);
    }
  }
  return { folders, problems };
}

function isAbandoned(name: string): boolean {
  const { host, pid, startTime } = NAME.exec(name)?.groups ?? {};
  if (host === undefined || pid === undefined || startTime === undefined) return false;
  if (decodeURIComponent(host) !== hostname()) return false;
  return !isRunning({ pid: Number(pid), startTime: decodeURIComponent(startTime) });
}

async function isOwnFolder(path: string): Promise<boolean> {
  const found = await lstat(path);
  return found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid());
}
