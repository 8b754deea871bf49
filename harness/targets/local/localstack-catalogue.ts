import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Folder below LocalStack's root in which it looks for prebuilt files. */
const STATIC_FOLDER = join('usr', 'lib', 'localstack');

/**
 * Gives a new LocalStack the index of every AWS operation, which each start would otherwise build (five seconds of processor time). The
 * toolchain built it into the virtual environment. Another Python, named by the user, may lack it: LocalStack then starts slower, without
 * an error.
 */
export async function provideCatalogue(root: string, python: string): Promise<void> {
  const kept = join(dirname(dirname(python)), 'localstack-static');
  if (!existsSync(kept)) return;
  await mkdir(join(root, dirname(STATIC_FOLDER)), { recursive: true });
  await symlink(kept, join(root, STATIC_FOLDER));
}
