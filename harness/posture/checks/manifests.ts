import { z } from 'zod';
import { comparisonOf } from '../../model/comparison.ts';
import type { PostureCheck } from '../../model/posture.ts';
import { dryRunAll } from '../../systems/kubernetes/posture/dry-run.ts';
import { renderKustomization } from '../../systems/kubernetes/posture/rendered.ts';
import { parseOptions, pathSchema } from '../documents.ts';

const optionsSchema = z.strictObject({
  kustomization: pathSchema,
  /** What stands for names that the server checks, e.g. `{ REPLACE_WITH_NAMESPACE: 'agents' }`. Secrets may stay placeholders. */
  values: z.record(z.string().regex(/^REPLACE_WITH_/), z.string()).default({}),
});
export type ServerAcceptsOptions = z.input<typeof optionsSchema>;

/** The real API accepts every object that a kustomization makes, in a server-side dry run with unknown fields refused. */
export function serverAccepts(options: ServerAcceptsOptions): PostureCheck {
  const { kustomization, values } = parseOptions('serverAccepts', optionsSchema, options);
  return {
    name: 'server-accepts-manifests',
    promise: `The API server accepts every manifest of ${kustomization}`,
    // With Velero, for its types are among them.
    needs: ['kubernetes', 'velero'],
    async observe({ target, step }) {
      const { kubeconfigPath } = await target.sharedKubernetes();
      const objects = await renderKustomization(target, kustomization, values, step.signal);
      const { objects: compared, refused } = await dryRunAll(kubeconfigPath, target.sessionId, objects, step);
      return comparisonOf({ of: 'manifest objects', compared, differences: refused });
    },
  };
}
