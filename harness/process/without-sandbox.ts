import { lstat, mkdir, rm, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { NotProvableHereError, summaryOf } from '../model/errors.ts';
import type { Mount } from './sandbox/arguments.ts';

/** Places of this machine in use by a run, by path. Two runs at once would find each other's volumes there. */
const taken = new Map<string, Promise<void>>();

/**
 * Makes temporary links to volumes at their real places, for runs without a sandbox. It never changes an occupied place.
 * @throws {NotProvableHereError} for an occupied place, and for one where this user may not write.
 */
export async function lendPlaces(mounts: readonly Mount[], signal: AbortSignal): Promise<AsyncDisposable> {
  const links: { readonly to: string; readonly free: () => void }[] = [];
  const made: string[] = [];
  const giveBack = async () => {
    for (const { to, free } of links.toReversed()) {
      await rm(to, { force: true });
      free();
    }
    for (const folder of made.toReversed()) await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const { from, to } of mounts) {
      // A file that the drill passes by name is already at its place.
      if (from === to) continue;
      while (taken.has(to)) await taken.get(to);
      signal.throwIfAborted();
      let free = () => undefined as undefined;
      taken.set(
        to,
        new Promise((resolve) => {
          free = () => {
            taken.delete(to);
            resolve();
          };
        }),
      );
      links.push({ to, free });
      if (await isThere(to)) {
        links.pop();
        free();
        throw refused(to, 'something is there already on this machine');
      }
      const first = await mkdir(dirname(to), { recursive: true });
      if (first !== undefined) made.push(first);
      await symlink(from, to);
    }
  } catch (error) {
    await giveBack();
    throw error instanceof NotProvableHereError || signal.aborted
      ? error
      : refused('a volume', summaryOf(error), error);
  }
  return { [Symbol.asyncDispose]: giveBack };
}

const isThere = async (path: string): Promise<boolean> =>
  await lstat(path).then(
    () => true,
    () => false,
  );

function refused(place: string, observed: string, cause?: unknown): NotProvableHereError {
  return new NotProvableHereError(
    {
      thing: place,
      expected: 'a place of this machine where a volume can be put without a sandbox',
      observed,
      nextStep: 'Permit the sandbox (docs/safety.md), or drill it where pods run (--target docker).',
    },
    { cause },
  );
}
