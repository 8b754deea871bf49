import { z } from 'zod';
import { CUSTOM_RESOURCE_DEFINITIONS, isStatus, type KubernetesApi } from '../../clients/kubernetes-api.ts';
import type { AbsenceCheck } from '../../model/asset.ts';
import type { Step } from '../../model/step.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { KNOWN_TO_VELERO } from '../velero/access.ts';
import { teachVelero, type VeleroLesson } from '../velero/provided.ts';
import { SESSION_LABEL } from './access.ts';
import { discoverTypes, typeKey } from './discovery.ts';
import type { ManifestObject } from './objects.ts';

const BUDGET_MS = 60_000;

const definitionSpec = z.looseObject({
  spec: z.looseObject({ group: z.string(), names: z.looseObject({ kind: z.string() }) }),
});

/**
 * Creates missing CRDs, and waits until the API serves them and Velero knows them. Drills on a shared control plane share its CRDs: the
 * first creates them, the others wait.
 */
export async function ensureDefinitions(
  definitions: readonly ManifestObject[],
  labels: Readonly<Record<string, string>>,
  lesson: VeleroLesson,
): Promise<void> {
  const made: string[] = [];
  for (const definition of definitions) {
    if (await createUnlessThere(definition, labels, lesson)) made.push(definition.metadata.name);
  }
  for (const definition of definitions) await served(definition, lesson);
  if (made.length > 0) await teachVelero(made, lesson);
  for (const { metadata } of definitions) await knownToVelero(metadata.name, labels, lesson);
}

/** Deletes a CRD with all objects of its kind, and waits until it is gone. Only for a dedicated control plane. */
export async function removeDefinition(
  api: KubernetesApi,
  name: string,
  { clock, signal }: Pick<Step, 'clock' | 'signal'>,
): Promise<void> {
  const path = `${CUSTOM_RESOURCE_DEFINITIONS}/${name}`;
  await api.delete(path, signal);
  await waitFor(
    {
      for: `CRD ${name} to be gone`,
      budgetMs: BUDGET_MS,
      look: async (lookSignal) =>
        (await api.findObject(path, lookSignal)) === undefined ? arrived(undefined) : notYet('it is still there'),
    },
    clock,
    signal,
  );
}

export async function definitionAbsence(api: KubernetesApi, name: string, signal: AbortSignal): Promise<AbsenceCheck> {
  const found = await api.findObject(`${CUSTOM_RESOURCE_DEFINITIONS}/${name}`, signal);
  const observed = found === undefined ? 'not found (404)' : `it exists, UID ${found.metadata.uid ?? 'unknown'}`;
  return { what: `read CustomResourceDefinition ${name}`, gone: found === undefined, observed };
}

async function createUnlessThere(
  definition: ManifestObject,
  labels: Readonly<Record<string, string>>,
  { api, signal }: VeleroLesson,
): Promise<boolean> {
  const { metadata } = definition;
  const marked = { ...definition, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } };
  try {
    await api.create(CUSTOM_RESOURCE_DEFINITIONS, marked, signal);
    return true;
  } catch (error) {
    if (isStatus(error, 409)) return false;
    throw error;
  }
}

async function served(definition: ManifestObject, { api, clock, signal }: VeleroLesson): Promise<void> {
  const key = customKindOf(definition);
  await waitFor(
    {
      for: `the API to serve ${key}`,
      budgetMs: BUDGET_MS,
      look: async (lookSignal) => {
        const types = await discoverTypes(api, lookSignal);
        return types.some((type) => typeKey(type) === key) ? arrived(undefined) : notYet('discovery does not list it');
      },
    },
    clock,
    signal,
  );
}

/** Waits until Velero knows a CRD. One from before this session is known: Velero has had time to see it. */
async function knownToVelero(
  name: string,
  labels: Readonly<Record<string, string>>,
  { api, clock, signal }: VeleroLesson,
): Promise<void> {
  await waitFor(
    {
      for: `another drill of this session to make CRD ${name} known to Velero`,
      budgetMs: BUDGET_MS,
      look: async (lookSignal) => {
        const { metadata } = await api.getObject(`${CUSTOM_RESOURCE_DEFINITIONS}/${name}`, lookSignal);
        const foreign = metadata.labels?.[SESSION_LABEL] !== labels[SESSION_LABEL];
        const known = metadata.annotations?.[KNOWN_TO_VELERO] === 'true';
        return foreign || known ? arrived(undefined) : notYet('it is not marked as known');
      },
    },
    clock,
    signal,
  );
}

/** `AgentProfile.platform.kgents.dev`: the kind that a CRD defines. */
export function customKindOf(definition: ManifestObject): string {
  const { spec } = definitionSpec.parse(definition);
  return typeKey({ group: spec.group, kind: spec.names.kind });
}
