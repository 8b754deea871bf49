import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { fromPlatformFolder } from '../../../process/platform-folder.ts';
import { scanForCredentials } from '../scan.ts';

/** For tests only: files by their paths. */
export type Files = Readonly<Record<string, string | Buffer>>;

/** Writes the files into a folder of the test. Returns the folder. */
export async function folderOf(files: Files): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-credentials-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

export const scanned = async (folder: string) => await scanForCredentials([folder], new AbortController().signal);

/** Returns what is found in one file, by names relative to its folder. */
export async function foundIn(name: string, content: string) {
  const folder = await folderOf({ [name]: content });
  const { compared, differences, undecided } = await scanned(folder);
  // A file that nobody could read holds nothing either.
  if (compared !== 1 || undecided?.length !== 0) throw new Error(`${name} was not scanned`);
  return differences.map((found) => ({ ...found, item: found.item.replace(`${fromPlatformFolder(folder)}/`, '') }));
}
