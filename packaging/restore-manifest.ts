import { rename } from 'node:fs/promises';
import { keptManifestFile, manifestFile } from './places.ts';

/** Puts the manifest of the source tree back, if a pack, finished or not, has left another one. */
export async function restoreManifest(): Promise<void> {
  try {
    await rename(keptManifestFile, manifestFile);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
