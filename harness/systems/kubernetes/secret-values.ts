import { z } from 'zod';
import { type KubernetesApi, NAMESPACES } from '../../clients/kubernetes-api.ts';
import type { Secrets } from '../../model/secrets.ts';
import type { ManifestObject } from './objects.ts';

/** Memory must not grow with the asset. The texts of the harness name digests of the other Secrets, never their values. */
const MOST_SECRETS = 500;

const secretSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  data: z.record(z.string(), z.string()).nullish(),
});

/**
 * Makes the values of a namespace's Secrets known as secret, tokens of service accounts among them: of the first 500, by name. Names
 * of objects stay readable, whatever values they contain.
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
