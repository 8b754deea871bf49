import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Returns `DR_CONTRACTS_CACHE`, or this program's part of the user's cache folder. */
export function cacheRoot(environment: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  const own = environment['DR_CONTRACTS_CACHE'];
  if (own !== undefined && own !== '') return resolve(own);
  const shared = environment['XDG_CACHE_HOME'];
  // The XDG base directory specification calls a relative path invalid; it must be ignored.
  if (shared !== undefined && isAbsolute(shared)) return join(shared, 'dr-contracts');
  return platform === 'darwin'
    ? join(homedir(), 'Library', 'Caches', 'dr-contracts')
    : join(homedir(), '.cache', 'dr-contracts');
}
