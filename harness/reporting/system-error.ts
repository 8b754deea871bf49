import { readdir } from 'node:fs/promises';
import { ExplainedError } from '../model/errors.ts';

interface SystemError extends Error {
  readonly code: string;
  readonly path?: string | undefined;
  readonly port?: number | undefined;
}

const WORDS: Readonly<Record<string, { readonly observed: string; readonly nextStep: string }>> = {
  EACCES: { observed: 'permission was denied', nextStep: 'Give this user the permission, or choose another place.' },
  EPERM: {
    observed: 'the operation is not permitted',
    nextStep: 'Give this user the permission, or choose another place.',
  },
  EROFS: { observed: 'the file system is read-only', nextStep: 'Choose a place on a writable file system.' },
  ENOSPC: { observed: 'the disk is full', nextStep: 'Free some space, or choose a place on another disk.' },
  EDQUOT: { observed: 'the disk quota is used up', nextStep: 'Free some space, or choose a place on another disk.' },
  ENOENT: { observed: 'it does not exist', nextStep: 'Check the path, and create what is missing.' },
  ENOTDIR: { observed: 'a part of the path is a file, not a folder', nextStep: 'Choose a path below a folder.' },
  EEXIST: { observed: 'a file is in its place', nextStep: 'Move that file away, or choose another path.' },
  EISDIR: { observed: 'it is a folder, not a file', nextStep: 'Name a file.' },
  EMFILE: { observed: 'this process has too many open files', nextStep: 'Raise the limit, e.g. `ulimit -n 8192`.' },
  EADDRINUSE: {
    observed: 'the port is occupied',
    nextStep: 'Stop the program that listens there, or run again: free ports are chosen anew.',
  },
  ECONNREFUSED: { observed: 'nobody answered there', nextStep: 'Run `dr-contracts doctor`, then try again.' },
};

/** An error of the operating system that a reader can act on, or undefined. */
export function asSystemError(thrown: unknown): SystemError | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return undefined;
  return thrown.code in WORDS ? (thrown as SystemError) : undefined;
}

/** The error in words: the thing is the caller's, or the path or port that the system named. */
export function explainSystemError(error: SystemError, thing?: string): ExplainedError {
  const words = WORDS[error.code];
  const named = error.path ?? (error.port === undefined ? undefined : `port ${error.port}`);
  const where = thing === undefined || named === undefined || thing.includes(named) ? [] : [named];
  const expected = error.code === 'EADDRINUSE' ? 'a free port' : 'to be usable';
  return new ExplainedError(
    {
      thing: thing ?? named ?? 'the operating system',
      expected,
      observed: `${words?.observed ?? error.message} (${[error.code, ...where].join(', ')})`,
      nextStep: words?.nextStep ?? 'Run `dr-contracts doctor`.',
    },
    { cause: error },
  );
}

/** Does the work; an error of the operating system comes out explained, anything else as it is. */
export async function explaining<T>(thing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const systemError = asSystemError(error);
    throw systemError === undefined ? error : explainSystemError(systemError, thing);
  }
}

/** True where a path, or a part of it, is not there. */
export function isNotThere(error: unknown): boolean {
  const code = asSystemError(error)?.code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The names in a folder, sorted; none where there is no such folder. */
export const namesIn = async (folder: string): Promise<readonly string[]> =>
  ((await unlessMissing(() => readdir(folder))) ?? []).toSorted();

/** What was read, or undefined where the path or a part of it is not there. */
export async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
}
