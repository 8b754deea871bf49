import type { Clock } from '../../clock/clock.ts';
import { gcsStore, VELERO_GCS } from '../../systems/gcs/service.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { backupPrefix } from '../backup-bucket.ts';
import type { PartStart, RuntimeParts } from '../parts.ts';
import { runtimeOf, startShared } from '../runtime.ts';
import type { Session } from '../session.ts';
import { type ClusterOptions, startCluster } from './cluster.ts';
import { obtainEnforcingProgram } from './enforcing-store.ts';
import { startNats } from './nats.ts';
import type { LocalContext } from './program.ts';
import { startS3 } from './s3.ts';
import { startSeaweedfs } from './seaweedfs.ts';
import { SYNC_SETTING, startVelero, VELERO_NAMESPACE, veleroDefinitions } from './velero.ts';

export interface PartsOptions {
  readonly session: Session;
  readonly clock: Clock;
  readonly progress: (message: string) => void;
  /** Path of `weed`; makes SeaweedFS serve S3 instead of LocalStack. */
  readonly seaweedfs: string | undefined;
  /** Fixed ports, where requested; free ones otherwise. */
  readonly ports: { readonly nats?: number; readonly s3?: number; readonly kubernetes?: number };
}

type AnswerableApi = Parameters<NonNullable<ClusterOptions['onApi']>>[0];

const SHARED = 'shared';
/** Allows for a download of 46 MB. */
const OBTAIN_BUDGET_MS = 600_000;

/** Starts the shared parts as processes. */
export function processParts({ session, clock, progress, seaweedfs, ports }: PartsOptions): RuntimeParts {
  const contextOf = ({ tool }: PartStart): LocalContext => ({ session, clock, tool });
  const prefix = backupPrefix(session.id, SHARED);
  const api = Promise.withResolvers<AnswerableApi>();
  return {
    s3: {
      start: async (start) => {
        const context = contextOf(start);
        const s3 =
          seaweedfs === undefined
            ? await startS3(context, start.signal, ports.s3)
            : await startSeaweedfs(seaweedfs, context, start.signal, { port: ports.s3 });
        return { place: s3.place, end: () => s3[Symbol.asyncDispose]() };
      },
    },
    nats: {
      start: async (start) => {
        const options = ports.nats === undefined ? {} : { port: ports.nats };
        const nats = await startNats(SHARED, contextOf(start), start.signal, options);
        return { place: { url: nats.url, settings: nats.settings }, end: () => nats[Symbol.asyncDispose]() };
      },
    },
    kubernetes: {
      start: async (start) => {
        const options = { label: SHARED, s3: undefined, port: ports.kubernetes, onApi: api.resolve };
        const cluster = await startCluster(options, contextOf(start), start.signal);
        const { kubeconfigPath, settings } = cluster;
        return {
          place: { kubeconfigPath, veleroNamespace: VELERO_NAMESPACE, backupPrefix: prefix, settings },
          end: () => cluster[Symbol.asyncDispose](),
        };
      },
    },
    velero: {
      // Starts beside the cluster's controllers: it needs the API alone.
      start: async (start) => {
        const { signal, needed, ifWanted } = start;
        const context = contextOf(start);
        const answeringApi = Promise.race([api.promise, needed('kubernetes').then(() => api.promise)]);
        const [definitions, s3, answering, gcs] = await untilAborted(
          Promise.all([veleroDefinitions(context, signal), needed('s3'), answeringApi, ifWanted(VELERO_GCS)]),
          signal,
        );
        const options = { label: SHARED, ...answering, s3, gcs, prefix, definitions };
        const server = await startVelero(options, context, signal);
        return { place: { settings: SYNC_SETTING }, end: () => server[Symbol.asyncDispose]() };
      },
    },
    [VELERO_GCS]: {
      // The server ends with the session.
      start: async (start) => {
        const context = contextOf(start);
        const store = await startShared(gcsStore, runtimeOf('local', context), start.signal);
        return { place: { store, plugin: context.tool('velero-plugin-for-gcp') } };
      },
    },
    'enforced-access': {
      budgetMs: OBTAIN_BUDGET_MS,
      start: async ({ signal }) => ({ place: await obtainEnforcingProgram({ clock, signal, progress }) }),
    },
  };
}
