import { ExplainedError, summaryOf } from '../../model/errors.ts';
import type { Capability } from '../../model/service.ts';
import { backupPrefix } from '../backup-bucket.ts';
import type { TargetHandle } from '../handle.ts';
import { VELERO_NAMESPACE } from '../local/velero.ts';
import { SHARED, startCluster } from './cluster.ts';
import type { ClusterPiece } from './cluster-options.ts';
import type { DockerContext } from './context.ts';
import { startNats } from './nats.ts';
import { startS3 } from './s3.ts';

export type DockerPart = 's3' | 'nats' | ClusterPiece;
type Places = TargetHandle['places'];

/**
 * Starts the shared places side by side. What is started carries the marks of the session, by which its teardown finds it.
 * @throws {ExplainedError} the first failure; nothing is being started any more then.
 */
export async function startParts(
  parts: ReadonlySet<Capability>,
  context: DockerContext,
  givenSignal: AbortSignal,
  ready: (part: DockerPart) => void,
): Promise<Places> {
  const firstFailure = new AbortController();
  const signal = AbortSignal.any([givenSignal, firstFailure.signal]);
  const failing = async <T>(starting: Promise<T>): Promise<T> => {
    try {
      return await starting;
    } catch (error) {
      firstFailure.abort(error);
      throw error;
    }
  };
  const s3 = parts.has('s3')
    ? failing(startS3(context, signal)).then(({ place }) => {
        ready('s3');
        return place;
      })
    : undefined;
  const nats = parts.has('nats')
    ? failing(startNats(SHARED, context, signal)).then(({ url, urlFromPods, settings }) => {
        ready('nats');
        return { url, urlFromPods, settings: { ...settings } };
      })
    : undefined;
  const veleroS3 = parts.has('velero') ? s3 : undefined;
  const kubernetes = parts.has('kubernetes')
    ? failing(startCluster({ label: SHARED, s3: veleroS3, onReady: ready }, context, signal)).then(
        ({ name, kubeconfigPath, ports, settings }) => ({
          kubeconfigPath,
          veleroNamespace: VELERO_NAMESPACE,
          backupPrefix: backupPrefix(context.session.id, SHARED),
          settings: { ...settings },
          node: { name, dir: context.session.folder('kubernetes', SHARED), ports: [...ports] },
        }),
      )
    : undefined;
  // All of them settle before anything is torn down: none can go on starting behind the teardown's back.
  await Promise.allSettled([s3, nats, kubernetes]);
  givenSignal.throwIfAborted();
  if (firstFailure.signal.aborted) throw explain(firstFailure.signal.reason);
  const [s3Place, natsPlace, kubernetesPlace] = await Promise.all([s3, nats, kubernetes]);
  return {
    ...(s3Place === undefined ? {} : { s3: s3Place }),
    ...(natsPlace === undefined ? {} : { nats: natsPlace }),
    ...(kubernetesPlace === undefined ? {} : { kubernetes: kubernetesPlace }),
  };
}

function explain(error: unknown): unknown {
  if (error instanceof ExplainedError) return error;
  return new ExplainedError(
    {
      thing: 'docker target',
      expected: 'every part to start',
      observed: summaryOf(error),
      nextStep: 'Run npx dr-contracts doctor; when all is well there, the lines above name what to look at.',
    },
    { cause: error },
  );
}
