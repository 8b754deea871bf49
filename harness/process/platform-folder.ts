import { relative, resolve } from 'node:path';

// Contracts name manifests and scripts by paths relative to the platform's folder, which the configuration names. They read some of them
// while they are defined. The folder is therefore global to the process: the front end sets it before it loads a contract file.

/** A global symbol: the contract file may load another copy of this package than the run that loads it. */
const KEY = Symbol.for('dr-contracts.platform-folder');

interface WithPlatformFolder {
  [KEY]?: string;
}

/** Returns the folder to which paths in contracts are relative; the current folder until a front end sets one. */
export function platformFolder(): string {
  return (globalThis as WithPlatformFolder)[KEY] ?? process.cwd();
}

/** @param folder an absolute path. */
export function usePlatformFolder(folder: string): void {
  (globalThis as WithPlatformFolder)[KEY] = folder;
}

/** Returns the absolute path of something that a contract names. Messages show the path in the contract. */
export const platformPath = (path: string): string => resolve(platformFolder(), path);

/** Returns the path that a contract would use, relative to the platform's folder. */
export const fromPlatformFolder = (path: string): string => relative(platformFolder(), path);
