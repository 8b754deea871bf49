import { z } from 'zod';

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
