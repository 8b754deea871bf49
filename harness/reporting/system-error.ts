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
  ECONNREFUSED: { observed: 'no program answered there', nextStep: 'Run `dr-contracts doctor`, then try again.' },
};

/** Returns an operating system error that a reader can act on, or undefined. */
export function asSystemError(thrown: unknown): SystemError | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return undefined;
  return thrown.code in WORDS ? (thrown as SystemError) : undefined;
}

/** Explains the error. The thing is the caller's, or the path or port that the system named. */
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

/** Does the work; explains an error of the operating system, and passes on any other. */
export async function explaining<T>(thing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const systemError = asSystemError(error);
    throw systemError === undefined ? error : explainSystemError(systemError, thing);
  }
}

/** True if a path, or a part of it, does not exist. */
export function isNotThere(error: unknown): boolean {
  const code = asSystemError(error)?.code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Returns the names in a folder, sorted; none if the folder does not exist. */
export const namesIn = async (folder: string): Promise<readonly string[]> =>
  ((await unlessMissing(() => readdir(folder))) ?? []).toSorted();

/** Returns the result of a read, or undefined if the path or a part of it does not exist. */
export async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
}
