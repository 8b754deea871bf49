import { z } from 'zod';
import { metadataFields } from '../model/rendering.ts';

const metadata = z.looseObject({
  name: z.string(),
  ...metadataFields,
});

/** An object as the API answers it; what is not named here is kept as it came. */
export const kubernetesObject = z.looseObject({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata,
});
export type KubernetesObject = z.infer<typeof kubernetesObject>;

export const objectList = z.looseObject({
  metadata: z.looseObject({ continue: z.string().optional() }),
  items: z
    .array(kubernetesObject)
    .nullable()
    .transform((items) => items ?? []),
});

/** A failure as the API describes it. */
export const apiStatus = z.looseObject({
  kind: z.literal('Status'),
  message: z.string().optional(),
  reason: z.string().optional(),
});
