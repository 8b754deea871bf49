import { stat } from 'node:fs/promises';
import { openFile } from '../base/open-file.ts';

const TAIL_BYTES = 8_192;

/** The last lines of a log file, oldest first; none when there is no such file. Reads its end only. */
export async function lastLines(path: string, count: number): Promise<string[]> {
  const size = await sizeOf(path);
  if (size === undefined) return [];
  await using file = await openFile(path, 'r');
  const length = Math.min(size, TAIL_BYTES);
  const lines = (await file.read(length, size - length))
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.slice(-count).map((line) => (line.length > 400 ? `${line.slice(0, 400)}…` : line));
}

/** Undefined when there is no such file. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
