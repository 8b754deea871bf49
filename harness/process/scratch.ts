import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolderSync } from '../base/files.ts';
import { ExplainedError } from '../model/errors.ts';
import { identifySelf, isRunning, type Machine, type Owner, thisMachine } from './identity.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a file of that name is in the way',
};

/** Reasons for a root whose parents are made as well. ENOENT then means that the file system accepts no folder, as in /proc. */
const REASONS_OF_ROOT = { ...REASONS, ENOENT: 'the file system makes no folder there' };

/** Returns the folder of all sessions: `DR_CONTRACTS_SCRATCH`, or this user's own folder in the system's folder for temporary files. */
export function scratchRoot(): string {
  const chosen = process.env.DR_CONTRACTS_SCRATCH;
  return chosen === undefined || chosen === ''
    ? join(tmpdir(), `dr-contracts-${process.getuid?.() ?? 'user'}`)
    : chosen;
}

/**
 * Makes the scratch root if it does not exist.
 * @throws {ExplainedError} when it cannot be made, or belongs to another user, because that user could read the secrets of a run.
 */
export function ensureScratchRoot(): string {
  const root = scratchRoot();
  try {
    makeFolderSync(root, 0o700);
  } catch (error) {
    throw explainDiskTrouble(error, root, REASONS_OF_ROOT);
  }
  const found = lstatSync(root);
  if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) {
    throw new ExplainedError({
      thing: `scratch folder ${root}`,
      expected: "a folder of this user's own",
      observed: found.isDirectory() ? `it belongs to user ${found.uid}` : 'it is not a folder',
      nextStep: 'Set DR_CONTRACTS_SCRATCH to a folder that belongs to you.',
    });
  }
  return root;
}

/**
 * Makes a folder for work outside any session. Its name identifies the process that owns it. A collection removes the folder once that
 * process is dead.
 * @throws {ExplainedError} when it cannot be made.
 */
export function ownedFolder(): string {
  const dir = join(ensureScratchRoot(), ownedName({ owner: identifySelf(), machine: thisMachine() }));
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    throw explainDiskTrouble(error, dir);
  }
  return dir;
}

/** Returns a unique name for a folder of this process. */
export function ownedName({ owner, machine }: Owner): string {
  const parts = [owner.pid, encodeURIComponent(owner.startTime), ...digestsOf(machine), randomBytes(5).toString('hex')];
  return `.own-${parts.join('-')}`;
}

/** Returns the liveness of the owner in such a name, as `livenessOf` does; undefined for any other name. */
export function livenessByName(name: string): 'live' | 'dead' | 'unclear' | undefined {
  const parts = /^\.own-(\d+)-([^-]+)-([0-9a-f]{8})-([0-9a-f]{8})-([0-9a-f]{8})-[0-9a-f]+$/.exec(name);
  if (parts === null) return undefined;
  const [, pid, startTime = '', host, boot, namespace] = parts;
  const [hereHost, hereBoot, hereNamespace] = digestsOf(thisMachine());
  if (host === hereHost && boot !== hereBoot) return 'dead';
  if (host !== hereHost || namespace !== hereNamespace) return 'unclear';
  return isRunning({ pid: Number(pid), startTime: decodeURIComponent(startTime) }) ? 'live' : 'dead';
}

const digestsOf = ({ host, bootId, pidNamespace }: Machine): readonly string[] =>
  [host, bootId, pidNamespace].map((part) => createHash('sha256').update(part).digest('hex').slice(0, 8));

/** Returns an explained error for a failed write, and any other error unchanged. */
export function explainDiskTrouble(error: unknown, path: string, reasons = REASONS): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = reasons[code];
  if (reason === undefined) return error;
  return new ExplainedError(
    {
      thing: `scratch folder ${path}`,
      expected: 'a folder that can be written',
      observed: `${reason} (${code})`,
      nextStep: 'Free some space there, or set DR_CONTRACTS_SCRATCH to a folder on another disk.',
    },
    { cause: error },
  );
}
