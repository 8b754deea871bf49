import { z } from 'zod';
import type { AbsenceCheck } from '../../model/asset.ts';
import type { Step } from '../../model/step.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import type { KubernetesApi } from './api.ts';
import { NAMESPACES } from './discovery.ts';

const PERSISTENT_VOLUMES = '/api/v1/persistentvolumes';
const REMOVAL_BUDGET_MS = 60_000;

const claimSpec = z.looseObject({ spec: z.looseObject({ volumeName: z.string().optional() }) });

/** The volumes that the claims of a namespace are bound to now. */
export async function boundVolumes(
  api: KubernetesApi,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const claim of api.list(`${NAMESPACES}/${namespace}/persistentvolumeclaims`, signal)) {
    const { volumeName } = claimSpec.parse(claim).spec;
    if (volumeName !== undefined) names.push(volumeName);
  }
  return names;
}

/** `what` of each read of `volumeAbsence`. */
export const volumeReads = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `read persistent volume ${index + 1} of ${count}`);

/** A namespace that is gone says nothing about the disk: a volume whose class retains it outlives its claim. */
export async function volumeAbsence(
  api: KubernetesApi,
  volumes: readonly string[],
  signal: AbortSignal,
): Promise<readonly AbsenceCheck[]> {
  return await Promise.all(
    volumes.map(async (name, index) => {
      const found = await api.findObject(`${PERSISTENT_VOLUMES}/${name}`, signal);
      const observed = `${name}: ${found === undefined ? 'not found (404)' : 'it exists'}`;
      return { what: `read persistent volume ${index + 1} of ${volumes.length}`, gone: found === undefined, observed };
    }),
  );
}

/** A claim goes with its namespace; the volume behind it goes after it, by the work of its provisioner. */
export async function untilVolumesGone(api: KubernetesApi, volumes: readonly string[], step: Step): Promise<void> {
  await waitFor(
    {
      for: 'the persistent volumes to be removed',
      budgetMs: REMOVAL_BUDGET_MS,
      intervalMs: 200,
      look: async (signal) => {
        const left = (await volumeAbsence(api, volumes, signal)).find(({ gone }) => !gone);
        return left === undefined ? arrived(undefined) : notYet(`${left.what}: ${left.observed}`);
      },
    },
    step.clock,
    step.signal,
  );
}
