import { z } from 'zod';

/**
 * Renders a file or a folder of manifests into objects with `kubectl kustomize`. Null fields are left out. Each path is rendered once in a
 * run.
 * @throws {ContractMistakeError} for a path that cannot be read, or that kubectl refuses, in kubectl's words.
 */
export type RenderManifests = (path: string) => Promise<readonly ManifestObject[]>;

/** Metadata of an object besides its name. */
export const metadataFields = {
  namespace: z.string().optional(),
  uid: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  deletionTimestamp: z.string().optional(),
};

/** An object as a manifest declares it. Unknown fields are kept unchanged. */
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
 * Adds `prepared` to a part of a contract, which makes the part again from its rendered manifests. A member that an author has replaced, as
 * in `{ ...cronJob({ … }), restore }`, stays replaced.
 * @param known the part before its manifests are read.
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
