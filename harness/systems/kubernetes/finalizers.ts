import { z } from 'zod';
import { isStatus, type KubernetesApi } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import { isOfKubernetes } from './canonical.ts';
import { collectionPath, discoverTypes, storedInNamespace, typeKey } from './discovery.ts';

/** An object that its finalizers keep from going until somebody removes them. */
export interface HeldObject {
  /** `AddressLease.example.com gateway`. */
  readonly what: string;
  readonly path: string;
  readonly finalizers: readonly string[];
  /** Those that stay when it is let go: Kubernetes' own controllers remove them. */
  readonly kept: readonly string[];
}

/** Whose finalizers are looked for: those of the platform's controllers, or also those of Kubernetes' own. */
export type Whose = 'platform' | 'all';

const metadataSchema = z.looseObject({ finalizers: z.array(z.string()).default([]) });

/** The object as one that is held; undefined where nobody holds it. */
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

/** True for a manifest with a finalizer that some controller has to remove. */
export const isHeldOpen = (object: KubernetesObject): boolean => heldObject('', '', object, 'all') !== undefined;

/** What of the namespace is held by finalizers. */
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
      // A type that has gone in the meantime holds nothing.
      if (!isStatus(error, 404)) throw error;
    }
  }
  return held;
}

/** Lets go of it, in the place of the controller that is not there. */
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
