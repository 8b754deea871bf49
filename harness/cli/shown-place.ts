import { relative, resolve } from 'node:path';

/**
 * Shows a place as a reader would type it: a bucket as it is, a path relative to the current folder where that is shorter.
 * @param folder base of `at`; the current folder when left out.
 */
export function shownPlace(at: string, cwd: string, folder = cwd): string {
  if (at.startsWith('s3:')) return at;
  const path = resolve(folder, at);
  const near = relative(cwd, path);
  return near !== '' && near.length < path.length ? near : path;
}
