import { relative, resolve } from 'node:path';

// Contracts name manifests and scripts by paths from the platform's folder, which the configuration names. They read some of them while
// they are defined, so the folder is known to the whole process: the front end sets it before it loads a contract file.

/** A global symbol: the contract file may load another copy of this package than the run that loads it. */
const KEY = Symbol.for('dr-contracts.platform-folder');

interface WithPlatformFolder {
  [KEY]?: string;
}

/** The folder from which contracts name manifests and scripts; the current folder while no front end has set one. */
export function platformFolder(): string {
  return (globalThis as WithPlatformFolder)[KEY] ?? process.cwd();
}

/** @param folder an absolute path. */
export function usePlatformFolder(folder: string): void {
  (globalThis as WithPlatformFolder)[KEY] = folder;
}

/** The absolute path of something that a contract names. Messages show the path as the contract has it. */
export const platformPath = (path: string): string => resolve(platformFolder(), path);

/** The other way round: a path as a contract would name it. */
export const fromPlatformFolder = (path: string): string => relative(platformFolder(), path);
