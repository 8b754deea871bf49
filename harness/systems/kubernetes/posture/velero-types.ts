import { ExplainedError } from '../../../model/errors.ts';
import { isStatus, type KubernetesApi } from '../api.ts';
import { resourceListSchema } from './velero-objects.ts';

/** The types of Velero that the cluster serves, e.g. `backups`; none where its custom resource definitions are missing. */
export async function servedVeleroTypes(api: KubernetesApi, signal: AbortSignal): Promise<ReadonlySet<string>> {
  try {
    const { resources } = resourceListSchema.parse(await api.get('/apis/velero.io/v1', signal));
    return new Set(resources.map(({ name }) => name));
  } catch (error) {
    if (isStatus(error, 404)) return new Set();
    throw error;
  }
}

/**
 * Where an object is not found, its whole type may be unknown, and that is another finding.
 * @throws {ExplainedError} when the cluster does not serve the type.
 */
export async function requireVeleroType(
  api: KubernetesApi,
  type: 'backups' | 'schedules',
  signal: AbortSignal,
): Promise<void> {
  if ((await servedVeleroTypes(api, signal)).has(type)) return;
  throw new ExplainedError({
    thing: 'the cluster',
    expected: `Velero's custom resource definitions`,
    observed: `it does not know ${type}.velero.io, so Velero is not installed`,
    nextStep: 'Run the installation procedure.',
    cause: 'velero-not-installed',
  });
}
