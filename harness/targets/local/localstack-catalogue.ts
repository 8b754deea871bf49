import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where LocalStack looks for what was built ahead, below its root folder. */
const STATIC_FOLDER = join('usr', 'lib', 'localstack');

/**
 * Gives a LocalStack that is about to start the index of every AWS operation, which each start would otherwise build (five seconds
 * of processor time). The toolchain built it into the virtual environment. Another Python, named by the user, may have none: it starts
 * slower, and nothing is wrong.
 */
export async function provideCatalogue(root: string, python: string): Promise<void> {
  const kept = join(dirname(dirname(python)), 'localstack-static');
  if (!existsSync(kept)) return;
  await mkdir(join(root, dirname(STATIC_FOLDER)), { recursive: true });
  await symlink(kept, join(root, STATIC_FOLDER));
}
