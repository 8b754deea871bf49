import { rm } from 'node:fs/promises';
import { distFolder } from './places.ts';
import { restoreManifest } from './restore-manifest.ts';

// npm runs it after packing: the source tree runs its TypeScript, and keeps no compiled files that could become outdated.
await restoreManifest();
await rm(distFolder, { recursive: true, force: true });
