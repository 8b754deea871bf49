import { type FileHandle, open } from 'node:fs/promises';

const TAIL_BYTES = 8_192;

/** The last lines of a log file, oldest first; none when there is no such file. Reads its end only. */
export async function lastLines(path: string, count: number): Promise<string[]> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .filter((line) => line.trim() !== '');
    return lines.slice(-count).map((line) => (line.length > 400 ? `${line.slice(0, 400)}…` : line));
  } finally {
    await file.close();
  }
}
