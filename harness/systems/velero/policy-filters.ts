import { z } from 'zod';
import { type BackupFilters, backupFilters, matchesAny, type ResourceType, resolvedIn } from './filters.ts';
import { parsedYaml } from './yaml.ts';

const { shape } = backupFilters;
const listsSchema = z.object({
  includedClusterScopedResources: shape.includedClusterScopedResources,
  excludedClusterScopedResources: shape.excludedClusterScopedResources,
  includedNamespaceScopedResources: shape.includedNamespaceScopedResources,
  excludedNamespaceScopedResources: shape.excludedNamespaceScopedResources,
});
const policySchema = z.looseObject({ includeExcludePolicy: listsSchema.nullish() });

/** The `includeExcludePolicy` of a resource policy: new filters that add to those of the Schedule's template. */
export type PolicyFilters = z.output<typeof listsSchema>;

const SCOPES = ['NamespaceScoped', 'ClusterScoped'] as const;

/** Undefined where the policy has none, and where Velero is to refuse the policy in its own words. */
export function policyFiltersIn(text: string | undefined): PolicyFilters | undefined {
  if (text === undefined) return undefined;
  return policySchema.safeParse(parsedYaml(text)).data?.includeExcludePolicy ?? undefined;
}

/** Why Velero refuses every backup with these lists (velero internal/resourcepolicies/resource_policies.go, v1.18.3). */
export function refusalOfPolicyFilters(policy: PolicyFilters): string | undefined {
  for (const scope of SCOPES) {
    const [included, excluded] = [policy[`included${scope}Resources`], policy[`excluded${scope}Resources`]];
    if ([...included, ...excluded].includes('*')) {
      return `the includeExcludePolicy of its resourcePolicy has "*" for ${scope}Resources`;
    }
    const both = excluded.find((entry) => included.includes(entry));
    if (both !== undefined) return `the includeExcludePolicy of its resourcePolicy includes and excludes "${both}"`;
  }
  return undefined;
}

/**
 * The filters of the template with those of the policy. What the template itself says of a type comes first
 * (velero pkg/util/collections, CombineWithPolicy, v1.18.3).
 */
export function withPolicyFilters(
  filters: BackupFilters,
  policy: PolicyFilters | undefined,
  types: readonly ResourceType[],
): BackupFilters {
  let combined = filters;
  if (policy === undefined) return combined;
  for (const scope of SCOPES) {
    for (const field of [`excluded${scope}Resources`, `included${scope}Resources`] as const) {
      for (const name of resolvedIn(policy[field], scope === 'NamespaceScoped', types)) {
        const said = [...combined[`included${scope}Resources`], ...combined[`excluded${scope}Resources`]];
        if (matchesAny(resolvedIn(said, scope === 'NamespaceScoped', types), name)) continue;
        combined = { ...combined, [field]: [...combined[field], name] };
      }
    }
  }
  return combined;
}

/** The list of the policy that leaves a type out, with what it says, for a type that the template alone includes. */
export function blameOfPolicy(policy: PolicyFilters, type: ResourceType, types: readonly ResourceType[]): string {
  const scope = type.namespaced ? 'NamespaceScoped' : 'ClusterScoped';
  const isExcluded = matchesAny(resolvedIn(policy[`excluded${scope}Resources`], type.namespaced, types), type.name);
  const field = `${isExcluded ? 'excluded' : 'included'}${scope}Resources` as const;
  return `includeExcludePolicy.${field}: [${policy[field].join(', ')}] in the resourcePolicy`;
}
