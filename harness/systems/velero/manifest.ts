import { z } from 'zod';
import { ContractMistakeError } from '../../model/errors.ts';
import type { ManifestObject } from '../../model/rendering.ts';
import { issuesInWords } from '../../model/text.ts';
import { type BackupFilters, backupFilters } from './filters.ts';

const reference = z.looseObject({ kind: z.string(), name: z.string() });

const scheduleObject = z.looseObject({
  kind: z.literal('Schedule'),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  spec: z.looseObject({
    schedule: z.string().min(1),
    paused: z
      .boolean()
      .nullish()
      .transform((paused) => paused ?? false),
    template: z.looseObject({
      ...backupFilters.shape,
      ttl: z.string().nullish(),
      resourcePolicy: reference.nullish(),
    }),
  }),
});

/** A Velero Schedule of somebody's manifests. */
export interface ManifestSchedule {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly paused: boolean;
  readonly filters: BackupFilters;
  /** As it is written, without fields that are null: Velero takes those for absent. */
  readonly template: Readonly<Record<string, unknown>>;
  /** The text of the ConfigMap that `resourcePolicy` names; undefined where it names none. */
  readonly policy: string | undefined;
}

/**
 * The Schedule of that name, or the only one, with what it refers to.
 * @param objects what kubectl makes of the manifests.
 * @throws {ContractMistakeError} when there is none, there are several, or something that it names is not in the same manifests.
 */
export function readManifestSchedule(
  objects: readonly ManifestObject[],
  manifest: string,
  name?: string,
): ManifestSchedule {
  const schedules = objects.filter(
    ({ apiVersion, kind }) => kind === 'Schedule' && apiVersion.startsWith('velero.io/'),
  );
  const wanted = schedules.filter(({ metadata }) => name === undefined || metadata.name === name);
  const [only, another] = wanted;
  if (only === undefined || another !== undefined) {
    const there = schedules.map(({ metadata }) => metadata.name).join(', ');
    throw wrong(
      manifest,
      `it has ${there === '' ? 'none' : there}`,
      'Correct `manifest` or `name` of veleroSchedule({ … }).',
    );
  }
  const parsed = scheduleObject.safeParse(only);
  if (!parsed.success) {
    throw wrong(manifest, issuesInWords(parsed.error), 'Correct the manifest.');
  }
  const { metadata, spec } = parsed.data;
  const { schedule, paused, template } = spec;
  const [, timeZone = 'UTC', cron = schedule] = /^(?:CRON_)?TZ=(\S+)\s+(.+)$/.exec(schedule) ?? [];
  const { resourcePolicy } = template;
  return {
    name: metadata.name,
    cron,
    timeZone,
    paused,
    filters: backupFilters.parse(template),
    template: z.looseObject({ spec: z.looseObject({ template: z.looseObject({}) }) }).parse(only).spec.template,
    policy:
      resourcePolicy === undefined || resourcePolicy === null
        ? undefined
        : textOfConfigMap(objects, {
            manifest,
            field: `spec.template.resourcePolicy of Schedule ${metadata.name}`,
            name: resourcePolicy.name,
            namespace: metadata.namespace,
          }),
  };
}

/** A ConfigMap of Velero's namespace, and the field that names it. */
export interface NamedConfigMap {
  readonly manifest: string;
  readonly field: string;
  readonly name: string;
  /** Where Velero runs; undefined where the manifests do not say it. */
  readonly namespace: string | undefined;
}

/**
 * The one entry of the ConfigMap: Velero takes any key, and refuses several.
 * @throws {ContractMistakeError} when the manifests do not have it: what it leaves out of a backup decides about the verdict.
 */
export function textOfConfigMap(
  objects: readonly ManifestObject[],
  { manifest, field, name, namespace }: NamedConfigMap,
): string {
  const found = objects.find(
    ({ apiVersion, kind, metadata }) =>
      apiVersion === 'v1' &&
      kind === 'ConfigMap' &&
      metadata.name === name &&
      (namespace === undefined || metadata.namespace === undefined || metadata.namespace === namespace),
  );
  const data = z.looseObject({ data: z.record(z.string(), z.string()) }).safeParse(found);
  const [text, another] = data.success ? Object.values(data.data.data) : [];
  if (text !== undefined && another === undefined) return text;
  throw new ContractMistakeError({
    thing: `manifests ${manifest}`,
    expected: `ConfigMap ${name}, with one entry: ${field} names it`,
    observed: found === undefined ? 'it is not there' : 'it has no entry, or more than one',
    nextStep: 'Add the ConfigMap to the manifests that `manifest` of veleroSchedule({ … }) names.',
  });
}

function wrong(manifest: string, observed: string, nextStep: string): ContractMistakeError {
  return new ContractMistakeError({
    thing: `manifests ${manifest}`,
    expected: 'one Velero Schedule',
    observed,
    nextStep,
  });
}
