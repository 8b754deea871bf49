import type { S3Place } from '../../systems/s3/service.ts';
import { waitFor } from '../../wait/wait.ts';
import { backupBucketThere, newS3Place } from '../backup-bucket.ts';
import { type DockerContext, labelsOf } from './context.ts';
import { imageOf } from './settings.ts';
import { ContainerLog, loadContainers, removeContainer, untilStarted } from './start-container.ts';

export interface StartedS3 extends AsyncDisposable {
  readonly place: Required<S3Place>;
}

/** Name of S3 on the docker network, also for pods. */
const ALIAS = 'dr-s3';
const PORT = 4_566;
/** URL of the target's S3 for containers and pods. */
export const S3_ON_NETWORK = `http://${ALIAS}:${PORT}`;
const READY_BUDGET_MS = 120_000;
const END_BUDGET_MS = 30_000;

/** Starts LocalStack with S3, STS and Route 53 in a container, and makes the versioned bucket for off-site backups. */
export async function startS3(context: DockerContext, signal: AbortSignal): Promise<StartedS3> {
  const { session, clock, settings, network } = context;
  const container = `dr-${session.id}-s3`;
  const { LoopbackLocalstack } = await loadContainers();
  signal.throwIfAborted();
  const log = new ContainerLog();
  const starting = new LoopbackLocalstack(imageOf(settings, 'localstack'))
    .withName(container)
    .withLabels({ ...labelsOf(context) })
    .withNetworkMode(network)
    .withNetworkAliases(ALIAS)
    .withEnvironment({
      LOCALSTACK_HOST: `${ALIAS}:${PORT}`,
      SERVICES: 's3,sts,iam,route53',
      STRICT_SERVICE_LOADING: '1',
      EAGER_SERVICE_LOADING: '0',
      DNS_ADDRESS: '0',
      DISABLE_EVENTS: '1',
      SKIP_SSL_CERT_DOWNLOAD: '1',
    })
    .withStartupTimeout(READY_BUDGET_MS)
    .withLogConsumer(log.consume)
    .start();
  const started = await untilStarted(container, starting, log, clock, signal);
  const place: Required<S3Place> = {
    ...newS3Place(`http://127.0.0.1:${started.getPort()}`),
    endpointFromPods: S3_ON_NETWORK,
  };
  await waitFor(backupBucketThere(place), clock, signal);
  return {
    place,
    [Symbol.asyncDispose]: async () => await removeContainer(container, AbortSignal.timeout(END_BUDGET_MS)),
  };
}
