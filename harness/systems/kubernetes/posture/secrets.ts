import { z } from 'zod';
import { KubernetesApi } from '../../../clients/kubernetes-api.ts';
import type { Step } from '../../../model/step.ts';

const secretSchema = z.looseObject({ data: z.record(z.string(), z.string()).default({}) });

/** Returns the values of a live Secret; undefined if there is none of that name. For use, never for a record. */
export async function readSecret(
  kubeconfigPath: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { secrets, signal }: Pick<Step, 'secrets' | 'signal'>,
): Promise<Readonly<Record<string, string>> | undefined> {
  using api = new KubernetesApi(kubeconfigPath);
  const found = await api.findObject(`/api/v1/namespaces/${namespace}/secrets/${name}`, signal);
  if (found === undefined) return undefined;
  const { data } = secretSchema.parse(found);
  for (const [key, value] of Object.entries(data)) secrets.addBase64(value, `Secret ${namespace}/${name}, key ${key}`);
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}
