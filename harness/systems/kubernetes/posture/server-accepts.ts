import { z } from 'zod';
import { renderManifests } from '../../../manifests/render.ts';
import { comparisonOf } from '../../../model/comparison.ts';
import type { PostureCheck } from '../../../model/posture.ts';
import { type ManifestObject, manifestObject } from '../../../model/rendering.ts';
import { parseOptions, pathSchema } from '../../../posture-kit/check-options.ts';
import { sharedKubernetes } from '../service.ts';
import { dryRunAll } from './dry-run.ts';

const optionsSchema = z.strictObject({
  /** A folder with a kustomization, another folder of manifests, or one manifest file, such as the output of `kubectl kustomize`. */
  kustomization: pathSchema,
  /** Values for placeholder names that the server validates, e.g. `{ REPLACE_WITH_NAMESPACE: 'agents' }`. Secrets may stay placeholders. */
  values: z.record(z.string().regex(/^REPLACE_WITH_/), z.string()).default({}),
});
export type ServerAcceptsOptions = z.input<typeof optionsSchema>;

/** The real API accepts every object of the manifests in a server-side dry run that refuses unknown fields. */
export function serverAccepts(options: ServerAcceptsOptions): PostureCheck {
  const { kustomization, values } = parseOptions('serverAccepts', optionsSchema, options);
  return {
    name: 'server-accepts-manifests',
    promise: `The API server accepts every manifest of ${kustomization}`,
    // Velero is needed for its types, which the manifests use.
    needs: ['kubernetes', 'velero'],
    reads: [kustomization],
    async observe({ target, step }) {
      const { kubeconfigPath } = await target.place(sharedKubernetes);
      const rendered = await renderManifests(target.tool('kubectl'), kustomization, step.signal);
      const objects = rendered.map((object) => filled(object, values));
      const { objects: compared, refused } = await dryRunAll(kubeconfigPath, target.sessionId, objects, step);
      return comparisonOf({ of: 'manifest objects', compared, differences: refused });
    },
  };
}

/** Returns the object with each placeholder in its texts replaced by the value. */
function filled(object: ManifestObject, values: Readonly<Record<string, string>>): ManifestObject {
  const names = Object.entries(values);
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return names.reduce((text, [name, given]) => text.replaceAll(name, given), value);
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [fill(key), fill(inner)]));
  };
  return manifestObject.parse(fill(object));
}
