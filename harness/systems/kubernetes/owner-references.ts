import { z } from 'zod';
import { type Applying, servedPath } from './apply-object.ts';
import { type ManifestObject, manifestObject } from './objects.ts';

const reference = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string().optional(),
});
const owned = z.looseObject({ ownerReferences: z.array(reference).default([]) });

type Reference = z.infer<typeof reference>;

const referencesOf = ({ metadata }: ManifestObject): readonly Reference[] => owned.parse(metadata).ownerReferences;

const isOf = (object: ManifestObject, { kind, name }: Reference): boolean =>
  object.kind === kind && object.metadata.name === name;

/**
 * The objects that name owners among the same manifests, each after its owners. Nobody can know the UID of an owner before it is
 * made, so they are made last.
 */
export function ownedAmong(objects: readonly ManifestObject[]): readonly ManifestObject[] {
  const waiting = objects.filter((object) =>
    referencesOf(object).some((each) => objects.some((other) => other !== object && isOf(other, each))),
  );
  const ordered: ManifestObject[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex((object) =>
      referencesOf(object).every((each) => !waiting.some((other) => other !== object && isOf(other, each))),
    );
    // Objects that own each other have no order; the API server takes them in any.
    ordered.push(...waiting.splice(Math.max(next, 0), 1));
  }
  return ordered;
}

/** The object with the UIDs that its owners have here. */
export async function withOwners(
  object: ManifestObject,
  objects: readonly ManifestObject[],
  { api, types, namespace, signal }: Applying,
): Promise<ManifestObject> {
  const ownerReferences: Reference[] = [];
  for (const each of referencesOf(object)) {
    const owner = objects.find((other) => isOf(other, each));
    const held = owner === undefined ? undefined : await api.findObject(servedPath(owner, types, namespace), signal);
    ownerReferences.push(held?.metadata.uid === undefined ? each : { ...each, uid: held.metadata.uid });
  }
  return manifestObject.parse({ ...object, metadata: { ...object.metadata, ownerReferences } });
}
