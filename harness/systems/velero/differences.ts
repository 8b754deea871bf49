import type { ParsedSchedule } from './options.ts';

const DROPPED = [
  ['storageLocation', 'the target’s storage location took its place'],
  ['volumeSnapshotLocations', 'the target has no snapshots of volumes'],
] as const;

/** What of a Schedule of somebody's manifests a drill changes or leaves out, field by field, for the record. */
export function differencesOf({ template, heldBy, policy, restore }: ParsedSchedule): readonly string[] {
  if (heldBy === undefined) return [];
  const has = (field: string) => template[field] !== undefined;
  return [
    `Velero ${heldBy} ran with its own template, for the drill's namespace in place of its namespaces`,
    ...DROPPED.filter(([field]) => has(field)).map(
      ([field, why]) => `${field} of ${heldBy} (${String(template[field])}) was left out: ${why}`,
    ),
    ...(template['includeClusterResources'] === true
      ? [`includeClusterResources: true of ${heldBy} took only the drill's own cluster-scoped objects`]
      : []),
    ...(policy === undefined ? [] : [`the resource policy of ${heldBy} was brought along from the same manifests`]),
    ...(has('hooks') ? [`hooks of ${heldBy} ran for the drill's namespace instead of the asset's`] : []),
    ...(has('orderedResources') ? [`orderedResources of ${heldBy} named the drill's namespace`] : []),
    ...[...(restore?.texts.keys() ?? [])].map(
      (field) => `the ConfigMap of restore.${field} was brought along from the same manifests`,
    ),
  ];
}
