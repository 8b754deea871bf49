import { z } from 'zod';

/**
 * The objects that a file, or a folder, of manifests makes, as `kubectl kustomize` renders them; fields that are null are left out. A path
 * is rendered once a run.
 * @throws {ContractMistakeError} for what cannot be read, or is refused by kubectl, in its words.
 */
export type RenderManifests = (path: string) => Promise<readonly ManifestObject[]>;

/** What the metadata of an object may hold besides its name. */
export const metadataFields = {
  namespace: z.string().optional(),
  uid: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  deletionTimestamp: z.string().optional(),
};

/** An object as a manifest declares it; what is not named here is kept as it came. */
export const manifestObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string().min(1),
    ...metadataFields,
  }),
});
export type ManifestObject = z.infer<typeof manifestObject>;

/**
 * Gives a part of a contract the `prepared` that makes it anew once its manifests are rendered. What somebody put in the place of a member,
 * as in `{ ...cronJob({ … }), restore }`, stays in its place.
 * @param known the part as it is before.
 */
export function preparable<P extends object>(
  known: P,
  make: (render: RenderManifests) => Promise<P>,
): P & { prepared(render: RenderManifests): Promise<P> } {
  const part = {
    ...known,
    async prepared(this: Readonly<Record<string, unknown>>, render: RenderManifests): Promise<P> {
      const own = new Map<string, unknown>(Object.entries(part));
      const replaced = Object.entries(this).filter(([name, member]) => member !== own.get(name));
      return { ...(await make(render)), ...Object.fromEntries(replaced) };
    },
  };
  return part as P & { prepared(render: RenderManifests): Promise<P> };
}
