import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExplainedError } from '../model/errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a file of that name is in the way',
};

/** Where sessions live: `DR_CONTRACTS_SCRATCH`, or a folder of this user's own in the system's folder for temporary files. */
export function scratchRoot(): string {
  const chosen = process.env.DR_CONTRACTS_SCRATCH;
  return chosen === undefined || chosen === ''
    ? join(tmpdir(), `dr-contracts-${process.getuid?.() ?? 'user'}`)
    : chosen;
}

/**
 * Makes the scratch root when it is not there.
 * @throws {ExplainedError} when it cannot be made, or belongs to somebody else: secrets of a run must not land in another user's folder.
 */
export async function ensureScratchRoot(): Promise<string> {
  const root = scratchRoot();
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explainDiskTrouble(error, root);
  }
  const found = await lstat(root);
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

/** The error as it is, or explained when it says that something cannot be written. */
export function explainDiskTrouble(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = REASONS[code];
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
