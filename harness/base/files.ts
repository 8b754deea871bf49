import { close, fdatasync, fsync, mkdirSync, open, read, statSync, write } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/**
 * An open file or folder. It holds a descriptor, because the `FileHandle` with which Yarn's Plug'n'Play replaces Node's has no sync and no
 * disposal (`FileHandle` in @yarnpkg/fslib).
 */
interface OpenFile extends AsyncDisposable {
  /** Reads up to this many bytes from the position; fewer at the end of the file. */
  read(lengthBytes: number, position: number): Promise<Buffer>;
  write(text: string): Promise<void>;
  sync(): Promise<void>;
  datasync(): Promise<void>;
}

/** @throws the error of the operating system. */
export async function openFile(path: string, flags: string | number, mode?: number): Promise<OpenFile> {
  const descriptor = await promisify(open)(path, flags, mode);
  return {
    read: async (lengthBytes, position) => {
      const { buffer, bytesRead } = await promisify(read)(
        descriptor,
        Buffer.alloc(lengthBytes),
        0,
        lengthBytes,
        position,
      );
      return buffer.subarray(0, bytesRead);
    },
    write: async (text) => {
      const bytes = Buffer.from(text);
      let written = 0;
      while (written < bytes.length) {
        written += (await promisify(write)(descriptor, bytes, written, bytes.length - written, null)).bytesWritten;
      }
    },
    sync: () => promisify(fsync)(descriptor),
    datasync: () => promisify(fdatasync)(descriptor),
    [Symbol.asyncDispose]: () => promisify(close)(descriptor),
  };
}

// Node's own `recursive` never returns when a parent exists but refuses a new folder with ENOENT, as /proc does (seen with 24.21; of the
// kind of https://github.com/nodejs/node/issues/27198). It ignores signals, too. A mistyped folder would hang a command until `kill -9`.

/**
 * Makes a folder and its parents.
 * @param mode mode of each new folder; existing folders keep theirs.
 * @throws Node's system error when the folder cannot be made or its path holds something else.
 */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  try {
    await mkdir(path, mode);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path), mode);
    await mkdirUnlessThere(path, mode);
  }
}

/** Does the same as `makeFolder` for callers that cannot await. */
export function makeFolderSync(path: string, mode?: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && statSync(path).isDirectory()) return;
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    makeFolderSync(dirname(path), mode);
    try {
      mkdirSync(path, mode);
    } catch (again) {
      if (codeOf(again) !== 'EEXIST' || !statSync(path).isDirectory()) throw again;
    }
  }
}

/** Makes the folder unless it exists. Another process may have made it in the meantime. */
async function mkdirUnlessThere(path: string, mode: number | undefined): Promise<void> {
  try {
    await mkdir(path, mode);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
