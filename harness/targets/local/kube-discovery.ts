import { z } from 'zod';
import { arrived, notYet, type Wait } from '../../wait/wait.ts';
import { type KubeApi, reasonIn } from './kube-api.ts';

const READY_BUDGET_MS = 60_000;
const discoverySchema = z.object({ resources: z.array(z.object({ name: z.string() })) });

export interface DiscoveredResource {
  /** Group and version, e.g. `velero.io/v1`. */
  readonly group: string;
  readonly plural: string;
}

/** Waits until the API's discovery lists all these resources; a resource may answer before that. */
export function discovered(api: Pick<KubeApi, 'call'>, resources: readonly DiscoveredResource[]): Wait<void> {
  return {
    for: 'discovery to name every resource',
    budgetMs: READY_BUDGET_MS,
    intervalMs: 20,
    look: async (signal) => {
      for (const group of new Set(resources.map((each) => each.group))) {
        const { status, body } = await api.call('GET', `/apis/${group}`, signal);
        if (status !== 200) return notYet(`${group} answers ${status}: ${reasonIn(body)}`);
        const named = discoverySchema.parse(JSON.parse(body)).resources.map(({ name }) => name);
        const missing = resources.find((each) => each.group === group && !named.includes(each.plural));
        if (missing !== undefined) return notYet(`${group} does not name ${missing.plural}`);
      }
      return arrived(undefined);
    },
  };
}
