import type { Identity } from '../../model/asset.ts';
import type { KubernetesApi } from './api.ts';
import { CUSTOM_RESOURCE_DEFINITIONS, collectionPath, NAMESPACES } from './discovery.ts';
import type { KubernetesObject } from './objects.ts';
import type { Sample } from './probe.ts';

/** UIDs of the namespace, of the samples, and of what else the disaster takes; absent ones are left out. */
export async function identities(
  api: KubernetesApi,
  namespace: string,
  samples: readonly Sample[],
  others: readonly (readonly [what: string, path: string])[],
  signal: AbortSignal,
): Promise<readonly Identity[]> {
  const paths: [string, string][] = [
    ['UID of the namespace', `${NAMESPACES}/${namespace}`],
    ...samples.map(({ type, name }): [string, string] => [
      `UID of ${type.kind} ${name}`,
      `${collectionPath(type, namespace)}/${name}`,
    ]),
    ...others.map(([what, path]): [string, string] => [what, path]),
  ];
  const found = await Promise.all(
    paths.map(async ([what, path]) => identityOf(what, await api.findObject(path, signal))),
  );
  return found.filter((identity) => identity !== undefined);
}

function identityOf(what: string, object: KubernetesObject | undefined): Identity | undefined {
  const uid = object?.metadata.uid;
  return uid === undefined ? undefined : { what, value: uid };
}

export const definitionPath = (name: string): readonly [string, string] => [
  `UID of CRD ${name}`,
  `${CUSTOM_RESOURCE_DEFINITIONS}/${name}`,
];
