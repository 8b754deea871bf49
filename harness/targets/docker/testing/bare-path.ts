import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { onTestFinished, vi } from 'vitest';

/** Programs that a user with Docker alone lacks: builders, and the programs that they build. */
const LACKING = /^(go|gofmt|python[\d.]*|pip[\d.]*|uv|kind|kubectl|nats|velero|aws)$/;

/**
 * Hides these programs from PATH for the rest of a test, and gives this process an empty tool cache.
 * @returns the folder of that cache.
 */
export async function onlyDockerIsInstalled(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'dr-only-docker-'));
  const bin = await mkdtemp(join(dir, 'bin-'));
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter((each) => !LACKING.test(each))) {
      // The first folder of PATH that has a program wins.
      await symlink(join(folder, name), join(bin, name)).catch(unlessThere);
    }
  }
  const cache = join(dir, 'cache');
  vi.stubEnv('PATH', bin);
  vi.stubEnv('DR_CONTRACTS_CACHE', cache);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(dir, { recursive: true, force: true });
  });
  return cache;
}

function unlessThere(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}
