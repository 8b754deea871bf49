import { stringify } from 'yaml';
import { z } from 'zod';
import { ContractMistakeError } from '../../model/errors.ts';
import { MARKERS_NAME } from '../kubernetes/access.ts';
import {
  type BackupFilters,
  backupFilters,
  includesNamespace,
  newFiltersIn,
  oldFiltersIn,
  ResourceFilter,
  type ResourceType,
} from './filters.ts';
import { type PolicyFilters, withPolicyFilters } from './policy-filters.ts';
import { parsedYaml } from './yaml.ts';

/** Velero backs them up with the objects that need them; listed, they would be those of the whole cluster. */
const BROUGHT_ALONG = [
  'customresourcedefinitions.apiextensions.k8s.io',
  'persistentvolumes',
  'namespaces',
  'volumesnapshotcontents.snapshot.storage.k8s.io',
];

type Fields = Readonly<Record<string, unknown>>;

/** From production to one drill: its namespace, and its own mark on objects of the whole cluster. */
export interface DrillScope {
  /** Undefined where nothing says which it is. */
  readonly production: string | undefined;
  readonly namespace: string;
  /** By which objects of the whole cluster are the drill's. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * A Schedule's template for the drill's namespace alone. What names things of production's cluster is left out, or renamed.
 * @param needed types of the whole cluster of which the asset has objects
 * @param policy what the Schedule's resource policy includes and excludes beside the template
 */
export function drillTemplate(
  template: Fields,
  scope: DrillScope,
  {
    types,
    needed,
    policy,
  }: {
    readonly types: readonly ResourceType[];
    readonly needed: readonly ResourceType[];
    readonly policy?: PolicyFilters | undefined;
  },
): { readonly template: Fields; readonly ofCluster: readonly string[] } {
  const {
    storageLocation: _location,
    volumeSnapshotLocations: _snapshots,
    hooks,
    orderedResources,
    ...kept
  } = template;
  const filters = withPolicyFilters(backupFilters.parse(template), policy, types);
  const filter = new ResourceFilter(filters, types);
  const ofCluster = needed
    .filter((type) => filter.includes(type) && !BROUGHT_ALONG.includes(type.name))
    .map(({ name }) => name);
  const { includedNamespaces: _included, excludedNamespaces: _excluded, ...rest } = kept;
  return {
    template: {
      ...(isTranslated(filters, ofCluster) ? translated(rest, filter, types) : rest),
      ...(hooks === undefined ? {} : { hooks: hooksIn(hooks, scope) }),
      ...(orderedResources === undefined ? {} : { orderedResources: orderIn(orderedResources, scope) }),
      includedNamespaces: [scope.namespace],
      ...(policy === undefined ? {} : { excludedClusterScopedResources: filters.excludedClusterScopedResources }),
      ...(newFiltersIn(filters).length === 0 && ofCluster.length === 0
        ? {}
        : { includedClusterScopedResources: ofCluster }),
    },
    ofCluster,
  };
}

/** Old filters take types of the cluster all or not at all. New ones can take the drill's own objects. */
const isTranslated = (filters: BackupFilters, ofCluster: readonly string[]): boolean =>
  filters.includeClusterResources === true || (oldFiltersIn(filters).length > 0 && ofCluster.length > 0);

function translated(fields: Fields, filter: ResourceFilter, types: readonly ResourceType[]): Fields {
  const {
    includeClusterResources: _whole,
    includedResources: _included,
    excludedResources: _excluded,
    ...rest
  } = fields;
  const names = (wanted: (type: ResourceType) => boolean) => types.filter(wanted).map(({ name }) => name);
  const isNever = ({ name }: ResourceType) => /^volumesnapshot(content)?s\.snapshot\.storage\.k8s\.io$/.test(name);
  const leftOut = names((type) => type.namespaced && !filter.includes(type) && !isNever(type));
  const keptOut = names((type) => !type.namespaced && filter.excludes(type) && !isNever(type));
  return {
    ...rest,
    ...(leftOut.length === 0 ? {} : { excludedNamespaceScopedResources: leftOut }),
    ...(keptOut.length === 0 ? {} : { excludedClusterScopedResources: keptOut }),
  };
}

const namespaceLists = z.looseObject({
  includedNamespaces: z.array(z.string()).nullish(),
  excludedNamespaces: z.array(z.string()).nullish(),
});

const hookLists = z.looseObject({ resources: z.array(namespaceLists).nullish() });

/** Hooks of the drill's namespace: those that production runs in its own. Of a backup and of a restore they are written alike. */
export function hooksIn(hooks: unknown, scope: DrillScope): unknown {
  const parsed = hookLists.safeParse(hooks);
  if (!parsed.success) return hooks;
  const resources = (parsed.data.resources ?? []).flatMap((hook) => {
    const { includedNamespaces, excludedNamespaces, ...rest } = hook;
    const lists = { includedNamespaces: includedNamespaces ?? [], excludedNamespaces: excludedNamespaces ?? [] };
    return isAbout(lists, scope, 'hooks.resources') ? [{ ...rest, includedNamespaces: [scope.namespace] }] : [];
  });
  return { ...parsed.data, resources };
}

function isAbout(
  lists: Pick<BackupFilters, 'includedNamespaces' | 'excludedNamespaces'>,
  { production }: DrillScope,
  field: string,
): boolean {
  if (lists.includedNamespaces.length + lists.excludedNamespaces.length === 0) return true;
  if (production === undefined) throw unknownNamespace(field);
  return includesNamespace({ ...backupFilters.parse({}), ...lists }, production);
}

function unknownNamespace(field: string): ContractMistakeError {
  return new ContractMistakeError({
    thing: 'veleroSchedule(…)',
    expected: 'the name that the namespace has in production',
    observed: `no option gives it, and ${field} of the Schedule names namespaces`,
    nextStep: 'Add `namespace` to the options.',
  });
}

/** `{ pods: "shop/a,shop/b" }` with the drill's namespace in it. */
function orderIn(order: unknown, { production, namespace }: DrillScope): unknown {
  const parsed = z.record(z.string(), z.string()).safeParse(order);
  if (!parsed.success || production === undefined) return order;
  const renamed = (names: string) =>
    names
      .split(',')
      .map((name) => name.trim())
      .map((name) => (name.startsWith(`${production}/`) ? `${namespace}${name.slice(production.length)}` : name))
      .join(',');
  return Object.fromEntries(Object.entries(parsed.data).map(([type, names]) => [type, renamed(names)]));
}

const selector = z.looseObject({ matchLabels: z.record(z.string(), z.string()).nullish() });
const resourceFilter = z.looseObject({
  kinds: z.array(z.string()).nullish(),
  labelSelector: selector.nullish(),
  orLabelSelectors: z.array(selector).nullish(),
});
const namedFilter = z.looseObject({ names: z.array(z.string()).nullish() });
const policySchema = z.looseObject({
  includeExcludePolicy: z.looseObject({}).nullish(),
  namespacedFilterPolicies: z
    .array(z.looseObject({ namespaces: z.array(z.string()), resourceFilters: z.array(namedFilter).nullish() }))
    .nullish(),
  clusterScopedFilterPolicy: z.looseObject({ resourceFilters: z.array(resourceFilter) }).nullish(),
});

/**
 * The resource policy of a Schedule for one drill: of the namespaces that it names, the drill's; of the whole cluster, the drill's
 * objects. Without that every drill would back up, and restore, what other drills of the same cluster have
 * (https://velero.io/docs/v1.18/resource-filtering/, fine-grained filters). Undefined where there is nothing to say.
 */
export function drillPolicy(
  text: string | undefined,
  ofCluster: readonly string[],
  scope: DrillScope,
): string | undefined {
  if (text === undefined && ofCluster.length === 0) return undefined;
  const read: unknown = text === undefined ? { version: 'v1' } : parsedYaml(text);
  const parsed = policySchema.safeParse(read);
  // Velero is to refuse it, in its own words.
  if (!parsed.success) return text;
  const { includeExcludePolicy, namespacedFilterPolicies, clusterScopedFilterPolicy, ...rest } = parsed.data;
  const about = (namespacedFilterPolicies ?? []).filter((each) =>
    isAbout({ includedNamespaces: each.namespaces, excludedNamespaces: [] }, scope, 'namespacedFilterPolicies'),
  );
  // Velero takes the one that names the namespace itself, else the first that fits, and refuses one namespace in two of them.
  const chosen = about.find(({ namespaces }) => namespaces.some((name) => name === scope.production)) ?? about[0];
  const own = (labelSelector: z.output<typeof selector>) => ({
    ...labelSelector,
    matchLabels: { ...labelSelector.matchLabels, ...scope.labels },
  });
  const given = (clusterScopedFilterPolicy?.resourceFilters ?? []).map(
    ({ labelSelector, orLabelSelectors, ...each }) =>
      orLabelSelectors === undefined || orLabelSelectors === null || orLabelSelectors.length === 0
        ? { ...each, labelSelector: own(labelSelector ?? {}) }
        : // Both together are Velero's to refuse.
          {
            ...each,
            ...(labelSelector === undefined || labelSelector === null ? {} : { labelSelector }),
            orLabelSelectors: orLabelSelectors.map(own),
          },
  );
  const named = new Set(given.flatMap(({ kinds }) => kinds ?? []));
  const others = ofCluster.filter((kind) => !named.has(kind) && !named.has(kind.split('.')[0] ?? kind));
  const resourceFilters = [...given, ...(others.length === 0 ? [] : [{ kinds: others, labelSelector: own({}) }])];
  return stringify({
    ...rest,
    ...((includeExcludePolicy ?? undefined) === undefined
      ? {}
      : { includeExcludePolicy: namespacedOnly(includeExcludePolicy ?? {}) }),
    ...(chosen === undefined
      ? {}
      : { namespacedFilterPolicies: [{ ...withMarkers(chosen), namespaces: [scope.namespace] }] }),
    ...(resourceFilters.length === 0 && (clusterScopedFilterPolicy ?? undefined) === undefined
      ? {}
      : { clusterScopedFilterPolicy: { ...clusterScopedFilterPolicy, resourceFilters } }),
  });
}

/** A filter by names knows nothing of the object that holds the drill's markers, and whether that one is lost says nothing of the platform. */
function withMarkers<
  Entry extends { readonly resourceFilters?: readonly z.output<typeof namedFilter>[] | null | undefined },
>(entry: Entry): Entry {
  const { resourceFilters } = entry;
  if (resourceFilters === undefined || resourceFilters === null) return entry;
  const taking = resourceFilters.map((filter) =>
    filter.names === undefined || filter.names === null || filter.names.length === 0
      ? filter
      : { ...filter, names: [...filter.names, MARKERS_NAME] },
  );
  return { ...entry, resourceFilters: taking };
}

/** Its lists of types of the whole cluster are in the drill's template, with the drill's own objects in place of everybody's. */
function namespacedOnly(lists: Fields): Fields {
  const { includedClusterScopedResources: _included, excludedClusterScopedResources: _excluded, ...rest } = lists;
  return rest;
}
