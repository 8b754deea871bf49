import { z } from 'zod';
import type { KubernetesApi } from '../../clients/kubernetes-api.ts';
import { compareText } from '../../model/text.ts';

/** A type of object that the API serves, in its preferred version. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /**
   * True if controllers write its status through a subresource. Without one, status is a field like any other,
   * and the author of the object writes it
   * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#status-subresource).
   */
  readonly statusIsApart: boolean;
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

const discoveryList = z.looseObject({
  kind: z.literal('APIGroupDiscoveryList'),
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string().default('') }).default({ name: '' }),
      versions: z
        .array(
          z.looseObject({
            version: z.string(),
            resources: z
              .array(
                z.looseObject({
                  resource: z.string(),
                  responseKind: z.looseObject({ kind: z.string() }).nullish(),
                  scope: z.string(),
                  verbs: z.array(z.string()),
                  subresources: z.array(z.looseObject({ subresource: z.string() })).default([]),
                }),
              )
              .default([]),
          }),
        )
        .default([]),
    }),
  ),
});

/** Returns every type that the API serves now, each in its preferred version, sorted by {@link typeKey}. */
export async function discoverTypes(api: KubernetesApi, signal: AbortSignal): Promise<readonly ResourceType[]> {
  const answers = await Promise.all(['/api', '/apis'].map((path) => api.get(path, signal, AGGREGATED)));
  const types = new Map<string, ResourceType>();
  for (const group of answers.flatMap((answer) => discoveryList.parse(answer).items)) {
    // The preferred version comes first; a type that only an older version serves is still found.
    for (const { version, resources } of group.versions) {
      for (const { resource, responseKind, scope, verbs, subresources } of resources) {
        if (responseKind === null || responseKind === undefined) continue;
        const type = {
          group: group.metadata.name,
          version,
          kind: responseKind.kind,
          plural: resource,
          namespaced: scope === 'Namespaced',
          verbs,
          statusIsApart: subresources.some(({ subresource }) => subresource === 'status'),
        };
        if (!types.has(typeKey(type))) types.set(typeKey(type), type);
      }
    }
  }
  return [...types.values()].sort((a, b) => compareText(typeKey(a), typeKey(b)));
}

/** Returns types whose objects a namespace can store: namespaced, listable and creatable (reviews and metrics are not). */
export function storedInNamespace(types: readonly ResourceType[]): readonly ResourceType[] {
  return types.filter(({ namespaced, verbs }) => namespaced && verbs.includes('list') && verbs.includes('create'));
}

/** `Deployment.apps`, `Secret`: the kind and, but for the core group, its group. */
export function typeKey(type: Pick<ResourceType, 'group' | 'kind'>): string {
  return type.group === '' ? type.kind : `${type.kind}.${type.group}`;
}

/** The path of a collection in a namespace (of a cluster-scoped one when no namespace is given). */
export function collectionPath(type: Pick<ResourceType, 'group' | 'version' | 'plural'>, namespace?: string): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  return namespace === undefined ? `${root}/${type.plural}` : `${root}/namespaces/${namespace}/${type.plural}`;
}
