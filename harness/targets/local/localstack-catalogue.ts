import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../../process/run.ts';
import { explainDiskTrouble } from '../scratch.ts';
import type { LocalContext } from './program.ts';

/** Where LocalStack looks for what was built ahead, below its root folder. */
const STATIC_FOLDER = join('usr', 'lib', 'localstack');

/**
 * Gives a LocalStack that is about to start its index of every AWS operation, which it would otherwise build on every start (five
 * seconds of processor time). It is built once and kept in LocalStack's own virtual environment, with which it must agree.
 */
export async function provideCatalogue(root: string, context: LocalContext, signal: AbortSignal): Promise<void> {
  const kept = join(dirname(dirname(context.tool('localstack-python'))), 'localstack-static');
  if (!existsSync(kept) && !(await build(kept, context, signal))) return;
  await mkdir(join(root, dirname(STATIC_FOLDER)), { recursive: true });
  await symlink(kept, join(root, STATIC_FOLDER));
}

/** False when the virtual environment cannot be written: LocalStack then starts slower, and nothing is wrong. */
async function build(kept: string, context: LocalContext, signal: AbortSignal): Promise<boolean> {
  let root: string | undefined;
  try {
    root = await mkdtemp(`${kept}-`);
    await mkdir(join(root, STATIC_FOLDER), { recursive: true });
    await runCommand(
      {
        name: "building LocalStack's service catalogue",
        file: context.tool('localstack-python'),
        args: ['-m', 'localstack.aws.spec'],
        env: { HOME: context.session.folder('home', 'localstack'), FILESYSTEM_ROOT: root, OVERRIDE_IN_DOCKER: '0' },
      },
      signal,
    );
    await rename(join(root, STATIC_FOLDER), kept);
    return true;
  } catch (error) {
    // Somebody else was faster, or may write where this process may not.
    if (existsSync(kept)) return true;
    if (explainDiskTrouble(error, kept) !== error) return false;
    throw error;
  } finally {
    if (root !== undefined) await rm(root, { recursive: true, force: true });
  }
}
