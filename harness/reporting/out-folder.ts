import { randomBytes } from 'node:crypto';
import { readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makeFolder } from '../base/files.ts';
import { ExplainedError } from '../model/errors.ts';
import { formatSize } from '../model/units.ts';
import { explaining, unlessMissing } from './system-error.ts';

/** Space that a run's records may need, with a margin: a refusal before the drill is better than a full disk during it. */
const NEEDED_OUT_BYTES = 64 * 2 ** 20;

/** Free bytes for an unprivileged writer, or undefined if the file system does not report them. */
type FreeSpace = (path: string) => Promise<number | undefined>;

export const freeSpaceOf: FreeSpace = async (path) => {
  const { bavail, bsize, blocks } = await statfs(path);
  // Some virtual file systems report no blocks at all, which does not mean full.
  return blocks === 0 ? undefined : bavail * bsize;
};

/** @throws {ExplainedError} if less than `neededBytes` are free. */
export async function requireFreeSpace(thing: string, path: string, neededBytes: number, freeSpace = freeSpaceOf) {
  const freeBytes = await explaining(thing, () => freeSpace(path));
  if (freeBytes === undefined || freeBytes >= neededBytes) return;
  throw new ExplainedError({
    thing,
    expected: `at least ${formatSize(neededBytes)} free`,
    observed: `the disk has ${formatSize(freeBytes)} left`,
    nextStep: 'Free some space, or choose a place on another disk.',
  });
}

/**
 * Creates the out folder and proves that it is writable, before any other step.
 * @throws {ExplainedError} if it cannot be created or written, or the disk is almost full.
 */
export async function openOutFolder(outDir: string, freeSpace: FreeSpace = freeSpaceOf): Promise<void> {
  const thing = `out folder ${outDir}`;
  await explaining(thing, async () => {
    await makeFolder(join(outDir, 'runs'));
    await makeFolder(join(outDir, 'latest'));
  });
  await requireFreeSpace(thing, outDir, NEEDED_OUT_BYTES, freeSpace);
  await requireOwnLatest(join(outDir, 'latest', 'run.json'));
  const trial = join(outDir, `.writable-${randomBytes(6).toString('hex')}`);
  await explaining(thing, async () => {
    try {
      await writeFile(trial, 'x', { flag: 'wx' });
    } finally {
      await rm(trial, { force: true });
    }
  });
}

/** Fields that identify a run record of any version. */
const ownRecord = z.looseObject({ schemaVersion: z.unknown(), runId: z.string(), drills: z.array(z.unknown()) });

/** Refuses to replace another tool's file: every run replaces the latest run record. */
async function requireOwnLatest(path: string): Promise<void> {
  const text = await unlessMissing(() => readFile(path, 'utf8'));
  if (text === undefined || isRunRecord(text)) return;
  throw new ExplainedError({
    thing: path,
    expected: 'a run record of dr-contracts, which a run replaces, or no file',
    observed: 'it is something else',
    nextStep: 'Move it away, or name another folder with --out.',
  });
}

function isRunRecord(text: string): boolean {
  try {
    return ownRecord.safeParse(JSON.parse(text)).success;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
