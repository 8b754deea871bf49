import { z } from 'zod';
import { comparisonOf } from '../../../model/comparison.ts';
import type { PostureCheck } from '../../../model/posture.ts';
import { nameSchema, parseOptions } from '../../../posture-kit/check-options.ts';
import { sharedKubernetes } from '../../kubernetes/service.ts';
import { compareInstallation } from './compare-installation.ts';
import { readVeleroInstallation } from './installation.ts';

const optionsSchema = z.strictObject({
  /** Version of the server, e.g. `1.18.3`; `1.18` takes every patch of it. */
  version: z.string().regex(/^v?\d+\.\d+(\.\d+(-[\w.]+)?)?$/, 'must be a version such as 1.18.3 or 1.18'),
  /** Provider of the storage location, as Velero names it. */
  provider: nameSchema.default('aws'),
  bucket: nameSchema,
  /** The location's prefix must be this one or below it. */
  prefix: z
    .string()
    .regex(/^[^/].*$/, 'must be a key prefix such as velero')
    .transform((prefix) => prefix.replace(/\/+$/, ''))
    .default('velero'),
  /** Region in the location's config. */
  region: nameSchema.optional(),
  /** Namespace of the installation; by default the target's own Velero. */
  namespace: nameSchema.optional(),
  /** Names of the Schedules that must be accepted; by default all. */
  schedules: z.array(nameSchema).min(1).optional(),
  /** Labels of the nodes that need an agent; by default every schedulable node. */
  agentOn: z.record(nameSchema, z.string()).optional(),
});
export type VeleroInstalledOptions = z.input<typeof optionsSchema>;

/**
 * Velero is installed and works: the server's version, a plugin for each location's provider, an available location below its prefix, a
 * ready node agent on every node that needs one, accepted Schedules, and a last backup that completed. A failure halts the roll-out as
 * `installation`.
 */
export function veleroInstalled(options: VeleroInstalledOptions): PostureCheck {
  const { namespace, ...promised } = parseOptions('veleroInstalled', optionsSchema, options);
  return {
    name: namespace === undefined ? 'velero-installed' : `velero-installed-in-${namespace}`,
    promise: `Velero ${promised.version}${namespace === undefined ? '' : ` in namespace ${namespace}`} is installed and backs up to ${promised.bucket} below ${promised.prefix}/`,
    about: [{ kind: 'velero-object', name: namespace === undefined ? 'Velero' : `Velero in ${namespace}` }],
    condition: 'installation',
    needs: ['kubernetes', 'velero'],
    async observe({ target, step }) {
      const { kubeconfigPath, veleroNamespace } = await target.place(sharedKubernetes);
      const at = { namespace: namespace ?? veleroNamespace, sessionId: target.sessionId };
      return comparisonOf(compareInstallation(await readVeleroInstallation(kubeconfigPath, at, step), promised));
    },
  };
}
