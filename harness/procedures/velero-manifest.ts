import { z } from 'zod';
import type { ManifestObject } from '../manifests/object.ts';
import { ContractMistakeError } from '../model/errors.ts';

const scheduleObject = z.looseObject({
  kind: z.literal('Schedule'),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    schedule: z.string().min(1),
    paused: z.boolean().default(false),
    template: z.looseObject({ includedNamespaces: z.array(z.string()).default([]), ttl: z.string().optional() }),
  }),
});

/** A Velero Schedule of somebody's manifests. */
export interface ManifestSchedule {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly paused: boolean;
  readonly namespaces: readonly string[];
  /** What its backups are made by, but for what belongs to the one cluster: namespaces, storage location, resources of the whole cluster. */
  readonly template: Readonly<Record<string, unknown>>;
}

/**
 * The Schedule of that name, or the only one.
 * @param objects what kubectl makes of the manifests.
 * @throws {ContractMistakeError} when there is none, or there are several.
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
    throw wrong(manifest, z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, ' '), 'Correct the manifest.');
  }
  const { schedule, paused, template } = parsed.data.spec;
  const [, timeZone = 'UTC', cron = schedule] = /^(?:CRON_)?TZ=(\S+)\s+(.+)$/.exec(schedule) ?? [];
  // The drill's own namespace and location take their place; what is of the whole cluster would be every drill's.
  const { includedNamespaces, storageLocation: _location, includeClusterResources: _whole, ...rest } = template;
  return { name: parsed.data.metadata.name, cron, timeZone, paused, namespaces: includedNamespaces, template: rest };
}

function wrong(manifest: string, observed: string, nextStep: string): ContractMistakeError {
  return new ContractMistakeError({
    thing: `manifests ${manifest}`,
    expected: 'one Velero Schedule',
    observed,
    nextStep,
  });
}
