import { rm } from 'node:fs/promises';
import { distFolder } from './places.ts';
import { restoreManifest } from './restore-manifest.ts';

// Run by npm after it packed: the source tree runs its TypeScript, and keeps nothing compiled that could go stale.
await restoreManifest();
await rm(distFolder, { recursive: true, force: true });
