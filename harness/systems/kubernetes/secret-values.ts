import { z } from 'zod';
import { type KubernetesApi, NAMESPACES } from '../../clients/kubernetes-api.ts';
import type { Secrets } from '../../model/secrets.ts';
import type { ManifestObject } from './objects.ts';

/** Maximum number of Secrets, because memory must not grow with the asset. Texts of the harness name only digests of the other Secrets. */
const MOST_SECRETS = 500;

const secretSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  data: z.record(z.string(), z.string()).nullish(),
});

/**
 * Adds the values of a namespace's first 500 Secrets by name to the secrets, including tokens of service accounts. Names
 * of objects stay readable, even if they contain such values.
 */
export async function learnSecretValues(
  api: KubernetesApi,
  namespace: string,
  objects: readonly ManifestObject[],
  secrets: Secrets,
  signal: AbortSignal,
): Promise<void> {
  for (const { metadata } of objects) secrets.addName(metadata.name);
  let seen = 0;
  for await (const object of api.list(`${NAMESPACES}/${namespace}/secrets`, signal)) {
    const { metadata, data } = secretSchema.parse(object);
    for (const [key, value] of Object.entries(data ?? {})) {
      secrets.addBase64(value, `Secret ${namespace}/${metadata.name}, key ${key}`);
    }
    seen += 1;
    if (seen === MOST_SECRETS) return;
  }
}
