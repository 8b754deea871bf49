import { close, fdatasync, fsync, open, read, write } from 'node:fs';
import { promisify } from 'node:util';

/**
 * An open file or folder. It holds a descriptor: the `FileHandle` that Yarn's Plug'n'Play puts in the place of Node's can neither sync nor be
 * disposed of (`FileHandle` in @yarnpkg/fslib).
 */
export interface OpenFile extends AsyncDisposable {
  /** At most that many bytes from there; fewer at the end of the file. */
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
