import type { Clock } from '../../clock/clock.ts';
import type { ToolName } from '../../model/target.ts';
import { cacheRoot } from '../cache-root.ts';
import { hostSandbox } from '../host-sandbox.ts';
import { obtainToolchain } from '../obtain.ts';
import { localToolNames } from '../recipes.ts';
import { type InstalledPack, installPack } from './install-pack.ts';
import { allPackable, finishedOf, type Packable, packableTools } from './manifest.ts';
import { type WrittenPack, writePack } from './write-pack.ts';

export type { InstalledPack } from './install-pack.ts';
export { toolchainKey } from './manifest.ts';

export interface PackStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
}

interface PackedEntryName {
  readonly label: string;
  readonly version: string;
}

export interface MadePack extends WrittenPack {
  readonly entries: readonly PackedEntryName[];
}

/**
 * Writes these tools into a file, and the sandbox where it is in the cache. Builds missing ones first. Without names: every tool of the
 * local target, and everything else in the cache.
 * @throws {ExplainedError} when a build fails or the file cannot be written.
 */
export async function packToolchain(
  names: readonly ToolName[] | undefined,
  file: string,
  step: PackStep,
): Promise<MadePack> {
  const { clock, signal, progress } = step;
  await obtainToolchain(names ?? localToolNames, { clock, signal, progress, onlyBuilt: true });
  await hostSandbox({ clock, signal, progress });
  const root = cacheRoot();
  const packable = names === undefined ? await allPackable(root) : await packableWithSandbox(names, root);
  const entries = await finishedOf(packable);
  const written = await writePack(entries, file, step);
  return { ...written, entries: entries.map(({ entry: { label, version } }) => ({ label, version })) };
}

async function packableWithSandbox(names: readonly ToolName[], root: string): Promise<readonly Packable[]> {
  const [tools, all] = await Promise.all([packableTools(names, root), allPackable(root)]);
  return [...tools, ...all.filter(({ entry }) => entry.label.startsWith('bubblewrap'))];
}

/**
 * Installs a pack into this machine's tool cache.
 * @throws {ExplainedError} when it is refused. Nothing is installed then.
 */
export async function unpackToolchain(
  file: string,
  digest: string | undefined,
  { clock, signal, progress }: PackStep,
): Promise<InstalledPack> {
  const root = cacheRoot();
  const packable = await allPackable(root);
  return await installPack({ file, root, digest, packable, environment: process.env, clock, signal, progress });
}
