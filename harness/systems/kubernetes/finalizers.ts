import { z } from 'zod';
import { isStatus, type KubernetesApi } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import { isOfKubernetes } from './canonical.ts';
import { collectionPath, discoverTypes, storedInNamespace, typeKey } from './discovery.ts';

/** An object that its finalizers keep until they are removed. */
export interface HeldObject {
  /** `AddressLease.example.com gateway`. */
  readonly what: string;
  readonly path: string;
  readonly finalizers: readonly string[];
  /** Finalizers that stay at the release: Kubernetes' own controllers remove them. */
  readonly kept: readonly string[];
}

/** Owners of the wanted finalizers: only the platform's controllers, or also Kubernetes' own. */
export type Whose = 'platform' | 'all';

const metadataSchema = z.looseObject({ finalizers: z.array(z.string()).default([]) });

/** Returns the object as a held one; undefined if no finalizer holds it. */
export function heldObject(
  what: string,
  path: string,
  { metadata }: KubernetesObject,
  whose: Whose = 'platform',
): HeldObject | undefined {
  const { finalizers } = metadataSchema.parse(metadata);
  const kept = whose === 'all' ? [] : finalizers.filter(isOfKubernetes);
  const holding = finalizers.filter((finalizer) => !kept.includes(finalizer));
  return holding.length === 0 ? undefined : { what, path, finalizers: holding, kept };
}

/** Returns whether the manifest has a finalizer that a controller must remove. */
export const isHeldOpen = (object: KubernetesObject): boolean => heldObject('', '', object, 'all') !== undefined;

/** Returns the objects of the namespace that finalizers hold. */
export async function heldIn(
  api: KubernetesApi,
  namespace: string,
  whose: Whose,
  signal: AbortSignal,
): Promise<readonly HeldObject[]> {
  const held: HeldObject[] = [];
  for (const type of storedInNamespace(await discoverTypes(api, signal))) {
    const collection = collectionPath(type, namespace);
    try {
      for await (const object of api.list(collection, signal)) {
        const { name } = object.metadata;
        const found = heldObject(`${typeKey(type)} ${name}`, `${collection}/${name}`, object, whose);
        if (found !== undefined) held.push(found);
      }
    } catch (error) {
      // A type that has disappeared in the meantime has no objects.
      if (!isStatus(error, 404)) throw error;
    }
  }
  return held;
}

/** Removes the finalizers, in place of the missing controller. */
export async function release(api: KubernetesApi, { path, kept }: HeldObject, signal: AbortSignal): Promise<void> {
  try {
    await api.patch(path, { metadata: { finalizers: kept.length === 0 ? null : kept } }, signal);
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}

/** "AddressLease gateway by finalizer example.com/hold". */
export const tellHeld = (held: readonly HeldObject[]): string => {
  const told = held.slice(0, 3).map(({ what, finalizers }) => `${what} by finalizer ${finalizers.join(', ')}`);
  return held.length > 3 ? `${told.join('; ')}; and ${held.length - 3} more` : told.join('; ');
};
