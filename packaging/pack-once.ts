import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type Packed, packInto } from './packed.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The package that `npm pack` makes. */
    packed: Packed;
  }
}

/** Packs the source tree once for all trials. Two packs at once would write over each other's compiled files. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-packed-'));
  project.provide('packed', await packInto(folder));
  return () => rm(folder, { recursive: true, force: true });
}
