import { z } from 'zod';
import { KubernetesApi } from '../api.ts';

const secretSchema = z.looseObject({ data: z.record(z.string(), z.string()).default({}) });

/** The values of a live Secret, or nothing when there is none of that name. For use, never for a record. */
export async function readSecret(
  kubeconfigPath: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>> | undefined> {
  using api = new KubernetesApi(kubeconfigPath);
  const found = await api.findObject(`/api/v1/namespaces/${namespace}/secrets/${name}`, signal);
  if (found === undefined) return undefined;
  const { data } = secretSchema.parse(found);
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}
