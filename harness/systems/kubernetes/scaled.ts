import { z } from 'zod';
import { isStatus, type KubernetesApi } from './api.ts';
import { typeKey } from './discovery.ts';
import { isJsonObject, type JsonObject } from './objects.ts';

const target = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    scaleTargetRef: z.looseObject({ apiVersion: z.string().default(''), kind: z.string(), name: z.string() }),
  }),
});

/** Objects whose number of replicas an autoscaler sets: it may be another one at any moment. */
export class ScaledObjects {
  readonly #autoscalers: ReadonlyMap<string, string>;

  /** @param autoscalers from kind and name of what is scaled to the name of its HorizontalPodAutoscaler. */
  constructor(autoscalers: ReadonlyMap<string, string>) {
    this.#autoscalers = autoscalers;
  }

  /** The object with the autoscaler's name in place of the number that it set. */
  trimmed(kind: string, name: string, object: JsonObject): JsonObject {
    const autoscaler = this.#autoscalers.get(`${kind} ${name}`);
    const { spec } = object;
    if (autoscaler === undefined || !isJsonObject(spec)) return object;
    return { ...object, spec: { ...spec, replicas: `(set by HorizontalPodAutoscaler ${autoscaler})` } };
  }
}

export const nothingScaled = new ScaledObjects(new Map());

/** What the HorizontalPodAutoscalers of the namespace scale now. */
export async function scaledObjects(
  api: KubernetesApi,
  namespace: string,
  signal: AbortSignal,
): Promise<ScaledObjects> {
  const found = new Map<string, string>();
  try {
    const path = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`;
    for await (const object of api.list(path, signal)) {
      const { metadata, spec } = target.parse(object);
      const { apiVersion, kind, name } = spec.scaleTargetRef;
      const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
      found.set(`${typeKey({ group, kind })} ${name}`, metadata.name);
    }
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
  return new ScaledObjects(found);
}
