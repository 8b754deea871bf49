import { z } from 'zod';
import type { Cause } from '../../model/causes.ts';
import { type BackupFilters, includesNamespace, oldFiltersIn, refusalOfFilters } from './filters.ts';
import type { ManifestSchedule } from './manifest.ts';
import { policyFiltersIn, refusalOfPolicyFilters } from './policy-filters.ts';
import { parsedYaml } from './yaml.ts';

/** Why no backup of the asset is ever taken by a Schedule, and the identifier of the cause. */
export interface Idle {
  readonly reason: string;
  readonly cause: Cause;
}

/** The namespace of production: as the contract says, or the only one that the Schedule names. */
export function productionNamespace(
  { filters }: Pick<ManifestSchedule, 'filters'>,
  namespace?: string,
): string | undefined {
  const [only, another] = filters.includedNamespaces;
  const isName = only !== undefined && another === undefined && /^[a-z0-9-]+$/.test(only);
  return namespace ?? (isName ? only : undefined);
}

/** Why a Schedule takes no backup of that namespace; undefined when it takes one. */
export function idleOf(schedule: ManifestSchedule, namespace: string | undefined): Idle | undefined {
  const { name, paused, filters } = schedule;
  if (paused) {
    return {
      reason: `Schedule ${name} is paused (spec.paused: true), so no backup is ever taken`,
      cause: 'schedule-paused',
    };
  }
  const refusal = refusalOfTemplate(schedule);
  if (refusal !== undefined) {
    return {
      reason: `Velero refuses every backup of Schedule ${name} (FailedValidation): in spec.template, ${refusal}`,
      cause: 'schedule-rejected',
    };
  }
  if (namespace === undefined || includesNamespace(filters, namespace)) return undefined;
  return { reason: notIncluded(name, filters, namespace), cause: 'schedule-leaves-namespace-out' };
}

/** Fields of a resource policy that Velero refuses beside old filters. */
const policyOfNewFilters = z.looseObject({
  includeExcludePolicy: z.unknown().optional(),
  namespacedFilterPolicies: z.unknown().optional(),
  clusterScopedFilterPolicy: z.unknown().optional(),
});

function refusalOfTemplate({ filters, template, policy }: ManifestSchedule): string | undefined {
  const lists = refusalOfFilters(filters);
  if (lists !== undefined) return lists;
  // An empty list is gone once Velero has made a Backup of the Schedule; an empty selector is not.
  if (isGiven(template['labelSelector']) && isGiven(template['orLabelSelectors'])) {
    return 'labelSelector and orLabelSelectors cannot be used together';
  }
  const inPolicy = policyFiltersIn(policy);
  const refused = inPolicy === undefined ? undefined : refusalOfPolicyFilters(inPolicy);
  if (refused !== undefined) return refused;
  const [old] = oldFiltersIn(filters);
  if (old === undefined || policy === undefined) return undefined;
  const parsed = policyOfNewFilters.safeParse(parsedYaml(policy));
  const [field] = Object.entries(parsed.data ?? {}).flatMap(([key, value]) =>
    key in policyOfNewFilters.shape && isGiven(value) ? [key] : [],
  );
  return field === undefined ? undefined : `${old} cannot be used with the ${field} of its resourcePolicy`;
}

const isGiven = (value: unknown): boolean =>
  value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);

function notIncluded(name: string, filters: BackupFilters, namespace: string): string {
  const { includedNamespaces, excludedNamespaces } = filters;
  const isIncluded = includesNamespace({ ...filters, excludedNamespaces: [] }, namespace);
  if (!isIncluded) {
    return `Schedule ${name} backs up ${includedNamespaces.join(', ')}, and not ${namespace} (spec.template.includedNamespaces)`;
  }
  return `Schedule ${name} excludes ${namespace} (spec.template.excludedNamespaces: ${excludedNamespaces.join(', ')})`;
}
