import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, vi } from 'vitest';

/** Creates a scratch folder for this test file alone, so that its collections meet no other session's folder. */
export async function ownScratch(): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'drc-'));
  vi.stubEnv('DR_CONTRACTS_SCRATCH', scratch);
  afterAll(async () => {
    await rm(scratch, { recursive: true, force: true });
  });
  return scratch;
}
