import { z } from 'zod';
import type { LeftOut } from '../../model/procedure.ts';
import { backupFilters, ResourceFilter, resourceTypeCalled } from './filters.ts';
import type { Inventory, ListedType } from './inventory.ts';
import type { ParsedSchedule } from './options.ts';
import { blameOfPolicy, policyFiltersIn, withPolicyFilters } from './policy-filters.ts';
import { parsedYaml } from './yaml.ts';

const EXCLUDE_LABEL = 'velero.io/exclude-from-backup';
/** Enough for the first difference of a comparison to be among them. */
const MOST_NAMES = 100;
/** Nobody's content: the server makes and ends them. */
const PASSING = new Set(['events', 'events.events.k8s.io', 'leases.coordination.k8s.io']);

/** Kubernetes puts them into every namespace. */
const GIVEN = new Set(['configmaps kube-root-ca.crt', 'serviceaccounts default']);

const requirement = z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).nullish() });
const selectorSchema = z.looseObject({
  matchLabels: z.record(z.string(), z.string()).nullish(),
  matchExpressions: z.array(requirement).nullish(),
});
type Selector = z.output<typeof selectorSchema>;
const selectorsSchema = z.looseObject({
  labelSelector: selectorSchema.nullish(),
  orLabelSelectors: z.array(selectorSchema).nullish(),
});

/** Where to look. */
export interface Looked {
  readonly inventory: Inventory;
  readonly types: readonly ListedType[];
  readonly namespace: string;
  /** Selects the drill's objects of the whole cluster. */
  readonly ownLabel: string;
  /** Names of types of the whole cluster that the drill's backup takes. */
  readonly ofCluster: readonly string[];
}

/** What of the asset a Schedule leaves out of its backups, and by which field: what explains a loss later. */
export async function leftOutOf(
  schedule: Pick<ParsedSchedule, 'template' | 'policy' | 'production' | 'heldBy' | 'clusterScoped'>,
  looked: Looked,
  signal: AbortSignal,
): Promise<readonly LeftOut[]> {
  const { inventory, types, namespace, ownLabel, ofCluster } = looked;
  const ofTemplate = backupFilters.parse(schedule.template);
  const policy = policyFiltersIn(schedule.policy);
  const filter = new ResourceFilter(withPolicyFilters(ofTemplate, policy, types), types);
  const template = new ResourceFilter(ofTemplate, types);
  const kindsOf = namespacedKinds(schedule);
  const blames = (type: ListedType) =>
    policy !== undefined &&
    ((template.includes(type) && !filter.includes(type)) || (!template.excludes(type) && filter.excludes(type)))
      ? blameOfPolicy(policy, type, types)
      : filter.blames(type);
  const taken = new Set(ofCluster.map((name) => resourceTypeCalled(name, types)?.name));
  const selectors = selectorsOf(schedule.template);
  const of = ` of ${schedule.heldBy ?? 'the contract’s Schedule'}`;
  const found = await Promise.all(
    types
      .filter(({ name }) => !PASSING.has(name))
      .map(async (type): Promise<readonly LeftOut[]> => {
        const { kind } = type;
        if (type.name === 'namespaces') {
          return filter.includes(type) ? [] : [{ kind, because: `${blames(type)}${of}` }];
        }
        const isTaken = type.namespaced ? filter.includes(type) : taken.has(type.name) || isBroughtAlong(type, filter);
        const objects = (label?: string) => inventory.objects(type.path(namespace), label, signal);
        if (!isTaken) {
          const first = await objects(type.namespaced ? undefined : ownLabel).next();
          return first.done === true ? [] : [{ kind, because: `${blames(type)}${of}` }];
        }
        if (type.namespaced && kindsOf?.every((name) => resourceTypeCalled(name, types)?.name !== type.name) === true) {
          const first = await objects().next();
          return first.done === true ? [] : [{ kind, because: `${OTHER_KINDS}: [${kindsOf.join(', ')}]${of}` }];
        }
        const own = type.namespaced ? EXCLUDE_LABEL : `${ownLabel},${EXCLUDE_LABEL}`;
        const left: LeftOut[] = [];
        for await (const { name } of objects(`${own}=true`)) {
          left.push({ kind, name, because: `its label ${EXCLUDE_LABEL}: "true"` });
          if (left.length === MOST_NAMES) return left;
        }
        if (selectors.list.length === 0 || !type.namespaced) return left;
        for await (const { name, labels } of objects()) {
          if (GIVEN.has(`${type.name} ${name}`)) continue;
          if (selectors.list.some((selector) => selects(selector, labels))) continue;
          left.push({ kind, name, because: `${selectors.field}${of}, which selects other labels` });
          if (left.length === MOST_NAMES) return left;
        }
        return left;
      }),
  );
  return found.flat();
}

const OTHER_KINDS = 'namespacedFilterPolicies in the resourcePolicy takes only other kinds';

const filterPolicies = z.looseObject({
  namespacedFilterPolicies: z.array(
    z.looseObject({
      namespaces: z.array(z.string()),
      resourceFilters: z.array(z.looseObject({ kinds: z.array(z.string()).nullish() })),
    }),
  ),
});

/** The kinds that a resource policy takes of the asset's namespace, where it names that and has no entry for all kinds. */
function namespacedKinds({ policy, production }: Pick<ParsedSchedule, 'policy' | 'production'>) {
  const parsed = policy === undefined ? undefined : filterPolicies.safeParse(parsedYaml(policy)).data;
  const entry = parsed?.namespacedFilterPolicies.find(
    ({ namespaces }) => production !== undefined && namespaces.includes(production),
  );
  const kinds = entry?.resourceFilters.map((filter) => filter.kinds ?? []);
  if (kinds === undefined || kinds.some((each) => each.length === 0 || each.includes('*'))) return undefined;
  return kinds.flat();
}

/** A definition comes with its objects, and a volume with its claim, unless they are excluded by name. */
const isBroughtAlong = (type: ListedType, filter: ResourceFilter): boolean =>
  ['customresourcedefinitions.apiextensions.k8s.io', 'persistentvolumes'].includes(type.name) && !filter.excludes(type);

function selectorsOf(template: Readonly<Record<string, unknown>>): {
  readonly field: string;
  readonly list: readonly Selector[];
} {
  const parsed = selectorsSchema.safeParse(template);
  if (!parsed.success) return { field: '', list: [] };
  const { labelSelector, orLabelSelectors } = parsed.data;
  if (orLabelSelectors !== undefined && orLabelSelectors !== null && orLabelSelectors.length > 0) {
    return { field: `spec.template.orLabelSelectors ${JSON.stringify(orLabelSelectors)}`, list: orLabelSelectors };
  }
  if (labelSelector === undefined || labelSelector === null) return { field: '', list: [] };
  return { field: `spec.template.labelSelector ${JSON.stringify(labelSelector)}`, list: [labelSelector] };
}

/** As Kubernetes selects by labels: every line must hold, and an empty selector selects everything. */
function selects({ matchLabels, matchExpressions }: Selector, labels: Readonly<Record<string, string>>): boolean {
  return (
    Object.entries(matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (matchExpressions ?? []).every(({ key, operator, values }) => {
      const value = labels[key];
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      const isListed = value !== undefined && (values ?? []).includes(value);
      return operator === 'In' ? isListed : !isListed;
    })
  );
}
