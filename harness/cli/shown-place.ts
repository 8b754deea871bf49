import { relative, resolve } from 'node:path';

/**
 * A place as a reader types it: a bucket as it is, a path from the current folder where that is shorter.
 * @param folder from where `at` is read; the current folder when left out.
 */
export function shownPlace(at: string, cwd: string, folder = cwd): string {
  if (at.startsWith('s3:')) return at;
  const path = resolve(folder, at);
  const near = relative(cwd, path);
  return near !== '' && near.length < path.length ? near : path;
}
