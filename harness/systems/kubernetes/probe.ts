import type { AssetProbe } from '../../model/asset.ts';
import { withoutChange } from './alter.ts';
import type { KubernetesApi } from './api.ts';
import { itemOf } from './content.ts';
import { collectionPath, configMapsPath, discoverTypes, type ResourceType, typeKey } from './discovery.ts';
import { FIELD_MANAGER, PROBE_LABEL, PROBE_NAME } from './names.ts';
import type { ManifestObject } from './objects.ts';

/** One seeded object that the probe reads, and what it must be. */
export interface Sample {
  readonly type: ResourceType;
  readonly name: string;
  readonly digest: string;
}

/**
 * The first Secret, ConfigMap, Deployment, StatefulSet and custom resource of what was seeded, as the API holds them now.
 */
export async function takeSamples(
  api: KubernetesApi,
  namespace: string,
  seeded: Iterable<ManifestObject>,
  customKinds: readonly string[],
  signal: AbortSignal,
): Promise<readonly Sample[]> {
  const wanted = new Set(['Secret', 'ConfigMap', 'Deployment.apps', 'StatefulSet.apps', ...customKinds]);
  const types = await discoverTypes(api, signal);
  const samples: Sample[] = [];
  for (const object of seeded) {
    if (wanted.size === 0) break;
    const group = object.apiVersion.includes('/') ? (object.apiVersion.split('/')[0] ?? '') : '';
    const key = typeKey({ group, kind: object.kind });
    const type = types.find((candidate) => typeKey(candidate) === key);
    if (type === undefined || !wanted.delete(key)) continue;
    const held = await api.getObject(`${collectionPath(type, namespace)}/${object.metadata.name}`, signal);
    samples.push({ type, name: object.metadata.name, digest: itemOf(key, withoutChange(held)).digest });
  }
  return samples;
}

/** Reads the samples and checks their content; writes a ConfigMap that no backup takes and no comparison counts. */
export function namespaceProbe(
  api: KubernetesApi,
  namespace: () => string,
  samples: () => readonly Sample[],
): AssetProbe {
  let writes = 0;
  return {
    reads: 'a Secret, a ConfigMap, a Deployment and one object of each custom kind, and their content',
    writes: 'a ConfigMap',
    async read(signal) {
      if (samples().length === 0) throw new Error('nothing was seeded yet that could be read');
      await Promise.all(samples().map((sample) => readSample(api, namespace(), sample, signal)));
    },
    async write(signal) {
      writes += 1;
      await api.apply(`${configMapsPath(namespace())}/${PROBE_NAME}`, probeObject(writes), FIELD_MANAGER, signal);
    },
  };
}

async function readSample(
  api: KubernetesApi,
  namespace: string,
  { type, name, digest }: Sample,
  signal: AbortSignal,
): Promise<void> {
  const held = await api.getObject(`${collectionPath(type, namespace)}/${name}`, signal);
  const observed = itemOf(typeKey(type), withoutChange(held)).digest;
  if (observed !== digest) throw new Error(`${type.kind} ${name} is there, but its content is not what was seeded`);
}

function probeObject(writes: number): object {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    // Left out of backups: a restore would otherwise warn about the probe's own object.
    metadata: { name: PROBE_NAME, labels: { [PROBE_LABEL]: 'true', 'velero.io/exclude-from-backup': 'true' } },
    data: { writes: String(writes) },
  };
}
