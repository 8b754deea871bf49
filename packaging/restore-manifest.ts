import { copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import { packedManifest } from './packed-manifest.ts';
import { keptManifestFile, manifestFile } from './places.ts';

/** Returns the text of the manifest that `npm pack` reads. */
export const packedText = (manifest: string): string =>
  `${JSON.stringify(packedManifest(JSON.parse(manifest)), undefined, 2)}\n`;

/**
 * Replaces the manifest of the source tree with the packed one, and keeps the original. Both files are always complete: after a pack that
 * is killed at any moment, {@link restoreManifest} can restore everything.
 */
export async function packManifest(kept = keptManifestFile, manifest = manifestFile): Promise<void> {
  const draft = `${kept}.part`;
  await copyFile(manifest, draft);
  await rename(draft, kept);
  await writeFile(draft, packedText(await readFile(kept, 'utf8')));
  await rename(draft, manifest);
}

/**
 * Restores the manifest of the source tree, if a pack, finished or not, has left another one.
 * @throws {Error} when the packed one was edited since: the edit is not overwritten.
 */
export async function restoreManifest(kept = keptManifestFile, manifest = manifestFile): Promise<void> {
  let text: string;
  try {
    text = await readFile(kept, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  const found = await readFile(manifest, 'utf8');
  if (found !== packedText(text) && found !== text) {
    throw new Error(
      `${manifest} was edited since an interrupted npm pack. Merge it with ${kept}, then remove ${kept}.`,
    );
  }
  await rename(kept, manifest);
}
