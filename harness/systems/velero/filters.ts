import { z } from 'zod';
import { compileGlob } from './glob.ts';

/** Null is absent: Velero's fields are nullable, and charts write empty ones. */
const list = z
  .array(z.string())
  .nullish()
  .transform((names): readonly string[] => names ?? []);

/** What a Backup's specification includes and excludes, in the words of Velero (pkg/apis/velero/v1/backup_types.go). */
export const backupFilters = z.object({
  includedNamespaces: list,
  excludedNamespaces: list,
  includedResources: list,
  excludedResources: list,
  includeClusterResources: z
    .boolean()
    .nullish()
    .transform((value) => value ?? undefined),
  includedClusterScopedResources: list,
  excludedClusterScopedResources: list,
  includedNamespaceScopedResources: list,
  excludedNamespaceScopedResources: list,
});
export type BackupFilters = z.output<typeof backupFilters>;

/** A type of the API server: its name as Velero writes it (`deployments.apps`), and what else it is called. */
export interface ResourceType {
  readonly name: string;
  readonly namespaced: boolean;
  /** Singular and short names, without the group. */
  readonly aliases: readonly string[];
}

/** Fields that Velero calls old filters; they cannot stand beside the new ones. */
const OLD = ['includeClusterResources', 'includedResources', 'excludedResources'] as const;
const NEW = [
  'includedClusterScopedResources',
  'excludedClusterScopedResources',
  'includedNamespaceScopedResources',
  'excludedNamespaceScopedResources',
] as const;
/** Velero adds them to what is excluded: it backs up only the snapshots that it takes itself. */
const NEVER_LISTED = {
  namespaced: 'volumesnapshots.snapshot.storage.k8s.io',
  ofCluster: 'volumesnapshotcontents.snapshot.storage.k8s.io',
};
const NAMESPACES = 'namespaces';

/** The old filters that are in use. */
export const oldFiltersIn = (filters: BackupFilters): readonly string[] =>
  OLD.filter((field) => {
    const value = filters[field];
    return typeof value === 'object' ? value.length > 0 : value !== undefined;
  });

/** The new filters that are in use. */
export const newFiltersIn = (filters: BackupFilters): readonly string[] =>
  NEW.filter((field) => filters[field].length > 0);

/**
 * Why Velero refuses every backup of these lists (velero pkg/util/collections and pkg/controller/backup_controller.go, v1.18.3);
 * undefined when it takes them.
 */
export function refusalOfFilters(filters: BackupFilters): string | undefined {
  const [old, fresh] = [oldFiltersIn(filters), newFiltersIn(filters)];
  if (old.length > 0 && fresh.length > 0) {
    return `${[...old, ...fresh].join(' and ')} cannot be used together: the first ${old.length === 1 ? 'is an old filter' : `${old.length} are old filters`}`;
  }
  return (
    refusalOfLists(filters, 'Namespaces', false) ??
    refusalOfNames(filters) ??
    (old.length > 0
      ? refusalOfLists(filters, 'Resources', false)
      : (refusalOfLists(filters, 'ClusterScopedResources', true) ??
        refusalOfLists(filters, 'NamespaceScopedResources', true)))
  );
}

type ListName = 'Namespaces' | 'Resources' | 'ClusterScopedResources' | 'NamespaceScopedResources';

function refusalOfLists(filters: BackupFilters, name: ListName, mayExcludeAll: boolean): string | undefined {
  const included = new Set(filters[`included${name}`]);
  const excluded = new Set(filters[`excluded${name}`]);
  if (included.size > 1 && included.has('*')) return `included${name} has "*" beside other entries`;
  if (excluded.has('*')) {
    if (!mayExcludeAll) return `excluded${name} has "*"`;
    if (excluded.size > 1) return `excluded${name} has "*" beside other entries`;
    if (included.size > 0) return `excluded${name} is "*", and included${name} has entries`;
  }
  const both = [...excluded].find((entry) => included.has(entry));
  return both === undefined ? undefined : `included${name} and excluded${name} both have "${both}"`;
}

function refusalOfNames({ includedNamespaces, excludedNamespaces }: BackupFilters): string | undefined {
  const wrong = [...includedNamespaces, ...excludedNamespaces].find((name) => !isNamespacePattern(name));
  if (wrong !== undefined) return `"${wrong}" is neither the name of a namespace nor a pattern that Velero reads`;
  if (!isExpanded(includedNamespaces, excludedNamespaces)) return undefined;
  const unread = [...includedNamespaces, ...excludedNamespaces].find(
    (name) => isPattern(name) && compileGlob(name) === undefined,
  );
  return unread === undefined ? undefined : `Velero cannot read the pattern "${unread}"`;
}

/** Which names and patterns Velero takes (pkg/util/wildcard/expand.go); an empty one stands for no namespace. */
function isNamespacePattern(name: string): boolean {
  if (name === '') return true;
  if (/[|()!{},]/.test(name) || name.includes('**')) return false;
  const withoutClasses = name.replaceAll(/\[[^\]]+\]/g, '');
  if (/[[\]]/.test(withoutClasses)) return false;
  return /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name.replaceAll(/[*?[\]]/g, 'x')) && name.length <= 63;
}

const isPattern = (name: string): boolean => /[*?[]/.test(name);

/** Patterns are replaced by the namespaces that they match, but not beside a bare `*`, and not where nothing is included by name. */
const isExpanded = (included: readonly string[], excluded: readonly string[]): boolean =>
  included.length > 0 && !included.includes('*') && [...included, ...excluded].some(isPattern);

/** Whether a backup takes that namespace. Ask only of lists that Velero takes. */
export function includesNamespace(
  { includedNamespaces, excludedNamespaces }: Pick<BackupFilters, 'includedNamespaces' | 'excludedNamespaces'>,
  namespace: string,
): boolean {
  if (matchesAny(excludedNamespaces, namespace)) return false;
  if (includedNamespaces.length === 0 || includedNamespaces.includes('*')) return true;
  return matchesAny(includedNamespaces, namespace);
}

/** As Velero's own lists: sorted, and a pattern that cannot be read ends the search. */
export function matchesAny(entries: readonly string[], name: string): boolean {
  for (const entry of entries.toSorted(byBytes)) {
    const glob = compileGlob(entry);
    if (glob === undefined) return false;
    if (glob.test(name)) return true;
  }
  return false;
}

const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));

/** Which types of the API server a backup takes, as Velero decides it. */
export class ResourceFilter {
  readonly #filters: BackupFilters;
  readonly #types: readonly ResourceType[];
  readonly #isOld: boolean;
  readonly #takesEveryNamespace: boolean;

  constructor(filters: BackupFilters, types: readonly ResourceType[]) {
    this.#filters = filters;
    this.#types = types;
    this.#isOld = oldFiltersIn(filters).length > 0;
    const { includedNamespaces, excludedNamespaces } = filters;
    this.#takesEveryNamespace =
      excludedNamespaces.length === 0 && (includedNamespaces.length === 0 || isOnlyStar(includedNamespaces));
  }

  /** Whether its objects are listed and backed up. */
  includes(type: ResourceType): boolean {
    return this.#isOld ? this.#includesByOld(type) : this.#includesByNew(type);
  }

  /** Whether its objects are kept out even where another object brings them along, as a claim brings its volume. */
  excludes(type: ResourceType): boolean {
    const { includeClusterResources } = this.#filters;
    if (!this.#isOld) {
      return matchesAny(type.namespaced ? this.#excludedNamespaced() : this.#excludedOfCluster(), type.name);
    }
    if (matchesAny(this.#excludedOld(), type.name)) return true;
    if (type.namespaced) return false;
    if (includeClusterResources === false) return true;
    return includeClusterResources === undefined && !this.#isListedByOld(type);
  }

  /** The field that leaves a type out, with what it says, for a type that is left out. */
  blames(type: ResourceType): string {
    const { includeClusterResources } = this.#filters;
    if (!type.namespaced && includeClusterResources === false) return 'spec.template.includeClusterResources: false';
    const scope = this.#isOld ? 'Resources' : type.namespaced ? 'NamespaceScopedResources' : 'ClusterScopedResources';
    for (const list of ['excluded', 'included'] as const) {
      const field = `${list}${scope}` as const;
      const entries = this.#filters[field];
      const isNamed =
        entries.includes('*') ||
        matchesAny(
          entries.map((name) => this.#resolved(name)),
          type.name,
        );
      if (entries.length > 0 && isNamed === (list === 'excluded'))
        return `spec.template.${field}: [${entries.join(', ')}]`;
    }
    return type.namespaced
      ? `Velero never lists ${type.name} itself, whatever the template`
      : `the template includes no ${type.name} (spec.template.includedClusterScopedResources)`;
  }

  #includesByOld(type: ResourceType): boolean {
    const { includeClusterResources } = this.#filters;
    if (!type.namespaced) {
      if (includeClusterResources === false) return false;
      const isLeftToOthers = includeClusterResources === undefined && !this.#takesEveryNamespace;
      if (isLeftToOthers && type.name !== NAMESPACES) return false;
    }
    return this.#isListedByOld(type);
  }

  #isListedByOld(type: ResourceType): boolean {
    if (matchesAny(this.#excludedOld(), type.name)) return false;
    return isIncludedBy(this.#includedOld(), type.name);
  }

  #includesByNew(type: ResourceType): boolean {
    const excluded = type.namespaced ? this.#excludedNamespaced() : this.#excludedOfCluster();
    if (excluded.includes('*') || matchesAny(excluded, type.name)) return false;
    if (type.namespaced) return isIncludedBy(this.#resolvedIn('includedNamespaceScopedResources', true), type.name);
    const included = this.#resolvedIn('includedClusterScopedResources', false);
    // Velero lists types of the cluster by itself only where none is excluded, and it always adds one to those.
    return included.includes('*') || matchesAny(included, type.name) || type.name === NAMESPACES;
  }

  #includedOld = (): readonly string[] =>
    without(this.#filters.includedResources, [
      ...this.#filters.excludedResources,
      NEVER_LISTED.namespaced,
      NEVER_LISTED.ofCluster,
    ]).map((name) => (name === '*' ? name : this.#resolved(name)));

  #excludedOld = (): readonly string[] =>
    [...this.#filters.excludedResources, NEVER_LISTED.namespaced, NEVER_LISTED.ofCluster]
      .filter((name) => name !== '*')
      .map((name) => this.#resolved(name));

  #excludedNamespaced = (): readonly string[] => [
    ...this.#resolvedIn('excludedNamespaceScopedResources', true),
    NEVER_LISTED.namespaced,
  ];

  #excludedOfCluster = (): readonly string[] => [
    ...this.#resolvedIn('excludedClusterScopedResources', false),
    NEVER_LISTED.ofCluster,
  ];

  #resolvedIn(field: (typeof NEW)[number], namespaced: boolean): readonly string[] {
    // What Velero never lists is taken out of what is included, and an empty list includes everything.
    const never = namespaced ? NEVER_LISTED.namespaced : NEVER_LISTED.ofCluster;
    const entries = this.#filters[field].filter((name) => name !== never || !field.startsWith('included'));
    return resolvedIn(entries, namespaced, this.#types);
  }

  #resolved(name: string): string {
    return this.#find(name)?.name ?? name;
  }

  #find(name: string): ResourceType | undefined {
    return resourceTypeCalled(name, this.#types);
  }
}

/** The entries of a new filter in Velero's spelling. An entry of the other scope counts for nothing. */
export function resolvedIn(
  entries: readonly string[],
  namespaced: boolean,
  types: readonly ResourceType[],
): readonly string[] {
  return entries.flatMap((name) => {
    if (name === '*') return [name];
    const type = resourceTypeCalled(name, types);
    if (type === undefined) return [name];
    return type.namespaced === namespaced ? [type.name] : [];
  });
}

/** As the API server's names are resolved: plural, singular or short, with the whole group, its beginning, or none. */
export function resourceTypeCalled<T extends ResourceType>(name: string, types: readonly T[]): T | undefined {
  const [bare = '', ...rest] = name.split('.');
  const group = rest.join('.');
  const called = types.filter((type) => [bareOf(type), ...type.aliases].includes(bare.toLowerCase()));
  if (group === '') return called[0];
  return called.find((type) => groupOf(type) === group) ?? called.find((type) => groupOf(type).startsWith(group));
}

const isOnlyStar = (names: readonly string[]): boolean => names.every((name) => name === '*');
const isIncludedBy = (entries: readonly string[], name: string): boolean =>
  entries.length === 0 || entries.includes('*') || matchesAny(entries, name);
const without = (names: readonly string[], others: readonly string[]): readonly string[] =>
  names.filter((name) => !others.includes(name));
const bareOf = ({ name }: ResourceType): string => name.split('.')[0] ?? name;
const groupOf = ({ name }: ResourceType): string => name.split('.').slice(1).join('.');
