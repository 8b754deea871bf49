import { z } from 'zod';
import { badManifest } from '../../manifests/documents.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { RenderManifests } from '../../model/rendering.ts';
import type { ResourceType } from './discovery.ts';
import { NAMESPACE_PLACEHOLDER } from './generate.ts';
import type { ManifestObject } from './objects.ts';

/** The declarations of manifests, grouped by their use in the drill. */
export interface Manifests {
  /** Labels and annotations for the drill's namespace, when the folder has a Namespace. */
  readonly namespace: ManifestObject | undefined;
  readonly definitions: readonly ManifestObject[];
  /** Cluster-scoped objects, named for the namespace. */
  readonly ofCluster: readonly ManifestObject[];
  /** All other objects: those of the namespace. */
  readonly objects: readonly ManifestObject[];
}

export const noManifests: Manifests = { namespace: undefined, definitions: [], ofCluster: [], objects: [] };

/**
 * Returns the declarations of a manifest file or folder.
 * @throws {ContractMistakeError} for manifests that cannot be read or drilled.
 */
export const renderedManifests = async (render: RenderManifests, path: string): Promise<Manifests> =>
  sortedManifests(await render(path), path);

/** @param objects the manifests as rendered by kubectl. */
function sortedManifests(objects: readonly ManifestObject[], path: string): Manifests {
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  if (namespaces.length > 1) throw badManifest(path, 'one Namespace at most', `found ${namespaces.length}`);
  const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
  const ofCluster = objects.filter((object) => clusterTypeOf(object, definitions) !== undefined);
  for (const object of ofCluster) requireOwn(object);
  const others = new Set([...namespaces, ...definitions, ...ofCluster]);
  const ofNamespace = objects.filter((object) => !others.has(object));
  requireOneNamespace(ofNamespace, path);
  return { namespace: namespaces[0], definitions, ofCluster, objects: ofNamespace };
}

/**
 * Requires a single namespace. A drill has one. Objects of a second one would be moved into it and backed up, although production's backup
 * may leave them out.
 */
function requireOneNamespace(objects: readonly ManifestObject[], path: string): void {
  const first = new Map<string, ManifestObject>();
  for (const object of objects) {
    const { namespace } = object.metadata;
    if (namespace === undefined || namespace.includes(NAMESPACE_PLACEHOLDER) || first.has(namespace)) continue;
    first.set(namespace, object);
  }
  if (first.size < 2) return;
  const found = [...first].map(([namespace, { kind, metadata }]) => `${kind} ${metadata.name} in ${namespace}`);
  throw badManifest(
    path,
    'objects of one namespace',
    `found ${found.join(', ')}`,
    undefined,
    'Name manifests of one namespace only, and write a separate contract for each further namespace.',
  );
}

/** @throws {ExplainedError} when there is no object of that kind and name. */
export function requireObject({ objects }: Manifests, kind: string, name: string, path: string): void {
  if (objects.some((object) => object.kind === kind && object.metadata.name === name)) return;
  throw badManifest(path, `a ${kind} ${name}`, 'it has none');
}

/** A cluster-scoped type. */
export type ClusterType = Pick<ResourceType, 'group' | 'version' | 'kind' | 'plural' | 'statusIsApart'>;

const ADMISSION = 'admissionregistration.k8s.io';
/** Cluster-scoped types that a workload may bring without effects on other workloads. */
const BUILT_IN: readonly Pick<ClusterType, 'group' | 'kind' | 'plural'>[] = [
  { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', plural: 'clusterroles' },
  { group: 'rbac.authorization.k8s.io', kind: 'ClusterRoleBinding', plural: 'clusterrolebindings' },
  { group: 'scheduling.k8s.io', kind: 'PriorityClass', plural: 'priorityclasses' },
  { group: 'storage.k8s.io', kind: 'StorageClass', plural: 'storageclasses' },
  { group: 'networking.k8s.io', kind: 'IngressClass', plural: 'ingressclasses' },
  { group: 'node.k8s.io', kind: 'RuntimeClass', plural: 'runtimeclasses' },
  { group: ADMISSION, kind: 'ValidatingWebhookConfiguration', plural: 'validatingwebhookconfigurations' },
  { group: ADMISSION, kind: 'MutatingWebhookConfiguration', plural: 'mutatingwebhookconfigurations' },
  { group: ADMISSION, kind: 'ValidatingAdmissionPolicy', plural: 'validatingadmissionpolicies' },
  { group: ADMISSION, kind: 'ValidatingAdmissionPolicyBinding', plural: 'validatingadmissionpolicybindings' },
  { group: ADMISSION, kind: 'MutatingAdmissionPolicy', plural: 'mutatingadmissionpolicies' },
  { group: ADMISSION, kind: 'MutatingAdmissionPolicyBinding', plural: 'mutatingadmissionpolicybindings' },
];

const definitionSchema = z.looseObject({
  spec: z.looseObject({
    group: z.string(),
    scope: z.string(),
    names: z.looseObject({ kind: z.string(), plural: z.string() }),
    versions: z
      .array(
        z.looseObject({ name: z.string(), subresources: z.looseObject({ status: z.unknown() }).partial().optional() }),
      )
      .default([]),
  }),
});

/**
 * Returns the type of a cluster-scoped object; undefined for an object of a namespace.
 * @param definitions the CRDs in the manifests.
 */
export function clusterTypeOf(
  { apiVersion, kind }: ManifestObject,
  definitions: readonly ManifestObject[],
): ClusterType | undefined {
  const [group = '', version = ''] = apiVersion.split('/');
  const builtIn = BUILT_IN.find((type) => type.kind === kind && type.group === group);
  if (builtIn !== undefined) return { ...builtIn, version, statusIsApart: true };
  for (const definition of definitions) {
    const { data } = definitionSchema.safeParse(definition);
    if (data === undefined || data.spec.scope !== 'Cluster') continue;
    const { names, versions } = data.spec;
    if (data.spec.group !== group || names.kind !== kind) continue;
    const statusIsApart = versions.some(
      ({ name, subresources }) => name === version && subresources?.status !== undefined,
    );
    return { group, version, kind, plural: names.plural, statusIsApart };
  }
  return undefined;
}

/** @throws {ExplainedError} for a cluster-scoped object that affects other drills on the same cluster. */
function requireOwn(object: ManifestObject): void {
  const found = othersNotice(object);
  if (found === undefined) return;
  const { kind, metadata } = object;
  throw new ExplainedError({
    thing: `${kind} ${metadata.name}`,
    expected: 'to affect only this namespace, because other drills use the same cluster',
    observed: found.observed,
    nextStep: found.nextStep,
  });
}

const DEFAULT_CLASSES = ['storageclass.kubernetes.io/is-default-class', 'ingressclass.kubernetes.io/is-default-class'];
const NAMED = `Put ${NAMESPACE_PLACEHOLDER} into its name and into every reference to it, and do not make it a default.`;
const SELECTED = `Give it the namespaceSelector { matchLabels: { kubernetes.io/metadata.name: ${NAMESPACE_PLACEHOLDER} } } and its rules the scope Namespaced.`;

function othersNotice(object: ManifestObject): { observed: string; nextStep: string } | undefined {
  const { metadata, kind } = object;
  if (!metadata.name.includes(NAMESPACE_PLACEHOLDER)) {
    return { observed: 'its name is the same in every drill', nextStep: NAMED };
  }
  if (object['globalDefault'] === true || DEFAULT_CLASSES.some((name) => metadata.annotations?.[name] === 'true')) {
    return { observed: "it is the whole cluster's default", nextStep: NAMED };
  }
  const reaches = reachOf(object);
  if (reaches.some(({ namespaces }) => !namespaces)) {
    return { observed: 'it takes part in requests of other namespaces', nextStep: SELECTED };
  }
  if (reaches.some(({ rules }) => !rules)) {
    return { observed: `a rule of this ${kind} also takes part in requests of the whole cluster`, nextStep: SELECTED };
  }
  return undefined;
}

const selector = z
  .looseObject({
    matchLabels: z.record(z.string(), z.string()).default({}),
    matchExpressions: z
      .array(z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).default([]) }))
      .default([]),
  })
  .optional();
const rules = z.array(z.looseObject({ scope: z.string().default('*') })).default([]);
const webhooksSchema = z.looseObject({
  webhooks: z.array(z.looseObject({ namespaceSelector: selector, rules })).default([]),
});
const bindingSchema = z.looseObject({
  spec: z.looseObject({ matchResources: z.looseObject({ namespaceSelector: selector }).default({}) }),
});
const policySchema = z.looseObject({
  spec: z.looseObject({ matchConstraints: z.looseObject({ resourceRules: rules }).default({ resourceRules: [] }) }),
});

/** Returns whether an object that handles other requests is limited to this namespace: by its selector, and by the scope of its rules. */
function reachOf(object: ManifestObject): readonly { readonly namespaces: boolean; readonly rules: boolean }[] {
  const isNamespaced = (given: z.infer<typeof rules>) => given.every(({ scope }) => scope === 'Namespaced');
  if (object.kind.endsWith('WebhookConfiguration')) {
    return webhooksSchema.parse(object).webhooks.map((hook) => ({
      namespaces: isThisNamespace(hook.namespaceSelector),
      rules: isNamespaced(hook.rules),
    }));
  }
  if (object.kind.endsWith('AdmissionPolicyBinding')) {
    const { matchResources } = bindingSchema.parse(object).spec;
    return [{ namespaces: isThisNamespace(matchResources.namespaceSelector), rules: true }];
  }
  if (object.kind.endsWith('AdmissionPolicy')) {
    return [{ namespaces: true, rules: isNamespaced(policySchema.parse(object).spec.matchConstraints.resourceRules) }];
  }
  return [];
}

const NAME_LABEL = 'kubernetes.io/metadata.name';

function isThisNamespace(selected: z.infer<typeof selector>): boolean {
  if (selected === undefined) return false;
  const { matchLabels, matchExpressions } = selected;
  return (
    matchLabels[NAME_LABEL] === NAMESPACE_PLACEHOLDER ||
    matchExpressions.some(
      ({ key, operator, values }) =>
        key === NAME_LABEL && operator === 'In' && values.every((value) => value === NAMESPACE_PLACEHOLDER),
    )
  );
}
