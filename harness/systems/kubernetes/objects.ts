import { z } from 'zod';
import { metadataFields } from '../../model/manifest-object.ts';

export { type ManifestObject, manifestObject } from '../../manifests/object.ts';

/** Any value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

const jsonObject = z.record(z.string(), z.json());

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

/** The object as plain JSON, for whoever walks through all of its fields. */
export function toJson(object: KubernetesObject): JsonObject {
  return jsonObject.parse(object);
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for a JSON array; `Array.isArray` does not narrow readonly arrays. */
export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
