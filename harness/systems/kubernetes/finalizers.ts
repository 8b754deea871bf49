import { z } from 'zod';
import { isStatus, type KubernetesApi } from './api.ts';
import { isOfKubernetes } from './canonical.ts';
import { collectionPath, discoverTypes, storedInNamespace, typeKey } from './discovery.ts';
import type { KubernetesObject } from './objects.ts';

/** An object that its finalizers keep from going until somebody removes them. */
export interface HeldObject {
  /** `AddressLease.example.com gateway`. */
  readonly what: string;
  readonly path: string;
  /** Those that a controller of the platform's has to remove. */
  readonly finalizers: readonly string[];
  /** Those of Kubernetes' own controllers. */
  readonly others: readonly string[];
}

const metadataSchema = z.looseObject({ finalizers: z.array(z.string()).default([]) });

/** The object as one that is held; undefined where only Kubernetes itself holds it, or nobody does. */
export function heldObject(what: string, path: string, { metadata }: KubernetesObject): HeldObject | undefined {
  const { finalizers } = metadataSchema.parse(metadata);
  const foreign = finalizers.filter((finalizer) => !isOfKubernetes(finalizer));
  if (foreign.length === 0) return undefined;
  return { what, path, finalizers: foreign, others: finalizers.filter(isOfKubernetes) };
}

/** True for a manifest with a finalizer that a controller of the platform's has to remove. */
export const isHeldOpen = (object: KubernetesObject): boolean => heldObject('', '', object) !== undefined;

/** What of the namespace is held by finalizers of the platform's. */
export async function heldIn(
  api: KubernetesApi,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly HeldObject[]> {
  const held: HeldObject[] = [];
  for (const type of storedInNamespace(await discoverTypes(api, signal))) {
    const collection = collectionPath(type, namespace);
    try {
      for await (const object of api.list(collection, signal)) {
        const { name } = object.metadata;
        const found = heldObject(`${typeKey(type)} ${name}`, `${collection}/${name}`, object);
        if (found !== undefined) held.push(found);
      }
    } catch (error) {
      // A type that has gone in the meantime holds nothing.
      if (!isStatus(error, 404)) throw error;
    }
  }
  return held;
}

/** Lets go of it, in the place of the controller that is not there. Kubernetes' own finalizers stay. */
export async function release(api: KubernetesApi, { path, others }: HeldObject, signal: AbortSignal): Promise<void> {
  try {
    await api.patch(path, { metadata: { finalizers: others.length === 0 ? null : others } }, signal);
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}

/** "AddressLease gateway by finalizer example.com/hold". */
export const tellHeld = (held: readonly HeldObject[]): string => {
  const told = held.slice(0, 3).map(({ what, finalizers }) => `${what} by finalizer ${finalizers.join(', ')}`);
  return held.length > 3 ? `${told.join('; ')}; and ${held.length - 3} more` : told.join('; ');
};
