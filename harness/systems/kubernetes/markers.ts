import { z } from 'zod';
import { IndeterminateWriteError, type MarkerLane, type ObservedMarker } from '../../model/asset.ts';
import { type KubernetesApi, KubernetesApiError, NoAnswerError } from './api.ts';
import { configMapsPath } from './discovery.ts';
import { MARKER_LABEL } from './names.ts';

export const LANE = 'namespace';

const markerObject = z.looseObject({
  data: z.object({ sequence: z.string().regex(/^\d+$/), body: z.string() }),
});

/** Markers are ConfigMaps, one each, beside the content. Names sort as sequences do. */
export function markerLane(api: KubernetesApi, namespace: () => string): MarkerLane {
  return {
    name: LANE,
    // Fifty a second would be more objects than the namespace holds by itself, and Velero takes its time over each.
    intervalMs: 100,
    async write(sequence, body, signal) {
      const object = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: markerName(sequence), labels: { [MARKER_LABEL]: LANE } },
        data: { sequence: String(sequence), body },
      };
      try {
        await api.create(configMapsPath(namespace()), object, signal);
      } catch (error) {
        if (!mayHaveBeenWritten(error)) throw error;
        throw new IndeterminateWriteError(`marker ${sequence} may or may not have been written`, { cause: error });
      }
    },
    async *read(signal): AsyncGenerator<ObservedMarker> {
      for await (const object of api.list(configMapsPath(namespace()), signal, `${MARKER_LABEL}=${LANE}`)) {
        const { data } = markerObject.parse(object);
        yield { sequence: Number(data.sequence), body: data.body };
      }
    },
  };
}

export function markerName(sequence: number): string {
  return `dr-marker-${String(sequence).padStart(6, '0')}`;
}

/** No answer after sending, or an internal failure (etcd time-out, server shutting down) after which it may be stored. */
function mayHaveBeenWritten(error: unknown): boolean {
  if (error instanceof NoAnswerError) return !error.neverSent;
  return error instanceof KubernetesApiError && error.status >= 500;
}
