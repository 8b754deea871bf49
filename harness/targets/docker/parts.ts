import type { Capability } from '../../model/service.ts';
import type { S3Place } from '../../systems/s3/service.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { backupPrefix } from '../backup-bucket.ts';
import { VELERO_NAMESPACE } from '../local/velero.ts';
import type { PartStart, RuntimeParts } from '../parts.ts';
import { SHARED, startCluster } from './cluster.ts';
import type { DockerContext } from './context.ts';
import { startNats } from './nats.ts';
import { startS3 } from './s3.ts';

/** Starts the shared parts in containers. They carry the marks of the session, by which its teardown finds them. */
export function containerParts(wanted: ReadonlySet<Capability>, own: Omit<DockerContext, 'tool'>): RuntimeParts {
  const contextOf = ({ tool }: PartStart): DockerContext => ({ ...own, tool });
  const veleroS3 = Promise.withResolvers<S3Place>();
  return {
    s3: {
      start: async (start) => {
        const { place } = await startS3(contextOf(start), start.signal);
        return { place };
      },
    },
    nats: {
      start: async (start) => {
        const { url, urlFromPods, settings } = await startNats(SHARED, contextOf(start), start.signal);
        return { place: { url, urlFromPods, settings } };
      },
    },
    kubernetes: {
      // Velero is installed while the node becomes ready.
      start: async (start) => {
        const s3 = wanted.has('velero') ? untilAborted(veleroS3.promise, start.signal) : undefined;
        // If the cluster cannot be created, nothing else awaits this promise.
        s3?.catch(() => undefined);
        const { name, kubeconfigPath, ports, settings } = await startCluster(
          { label: SHARED, s3, onReady: start.ready },
          contextOf(start),
          start.signal,
        );
        return {
          place: {
            kubeconfigPath,
            veleroNamespace: VELERO_NAMESPACE,
            backupPrefix: backupPrefix(own.session.id, SHARED),
            settings,
            node: { name, dir: own.session.folder('kubernetes', SHARED), ports: [...ports] },
          },
        };
      },
    },
    velero: {
      start: async ({ needed }) => {
        veleroS3.resolve(needed('s3'));
        await needed('kubernetes');
        // The cluster's settings already include those of Velero.
        return { place: { settings: {} } };
      },
    },
  };
}
