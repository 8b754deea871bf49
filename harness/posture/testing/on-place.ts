import { systemClock } from '../../clock/clock.ts';
import type { PostureCheck, PostureCheckRecord } from '../../model/posture.ts';
import type { Target } from '../../model/target.ts';
import { type KubernetesPlace, sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { withPlace } from '../../testing/with-place.ts';
import { runPosture } from '../run-posture.ts';

const project = { folder: '/nowhere', outDir: '/nowhere', contracts: async () => [], drilledContracts: async () => [] };

/** Returns the target with that cluster instead of its shared one. Releasing the place does not end the cluster. */
export function withCluster(target: Target, place: KubernetesPlace): Target {
  const lent = Object.create(place, { [Symbol.asyncDispose]: { value: async () => undefined } }) as KubernetesPlace;
  return withPlace(target, sharedKubernetes, lent);
}

/** Returns the record of one check, as a run makes it, on an installed platform. */
export async function recordOf(
  check: PostureCheck,
  target: Target,
  { scratchDir, signal }: { readonly scratchDir: string; readonly signal: AbortSignal },
): Promise<PostureCheckRecord> {
  const { checks } = await runPosture(
    {
      name: 'tried',
      owner: 'platform',
      controls: [],
      appliedBy: undefined,
      needs: check.needs,
      prefers: [],
      checks: [check],
      sourceFile: undefined,
    },
    { target, project, scratchDir, clock: systemClock, signal, progress: () => undefined },
  );
  const [record] = checks;
  if (record === undefined) throw new Error('the posture has no check');
  return record;
}
