import type { Clock } from '../../clock/clock.ts';
import type { S3Place, Target } from '../../model/target.ts';
import type { ToolName } from '../../model/tools.ts';
import { dedicatedPlaces, required, toolPath } from '../dedicated-places.ts';
import { attachSession } from '../session.ts';
import type { DockerContext } from './context.ts';
import { startDedicatedKubernetes, startDedicatedNats, startDedicatedNatsCluster } from './dedicated.ts';
import { takePort } from './exposed-ports.ts';
import { parseDockerHandle } from './handle.ts';
import { isKindAlive, loadImages } from './kind.ts';
import { ensurePodImage } from './pod-images.ts';
import { startRegions } from './regions.ts';

const STARTERS = {
  nats: startDedicatedNats,
  natsCluster: startDedicatedNatsCluster,
  kubernetes: startDedicatedKubernetes,
  regions: startRegions,
};

const DIFFERENCES: readonly string[] = [
  'S3 is emulated by LocalStack: bucket replication, lifecycle rules and IAM policies are stored but not executed',
  'NATS runs in containers, in a single one unless a contract asks for replicas; those share one disk and its power',
  'Kubernetes is a kind cluster of one node: control plane and pods share it, nothing can be moved to another node',
  'persistent volumes are folders on that node; volume snapshots of a cloud provider are not exercised',
  'everything runs on one machine over a bridge network: no network latency, no bandwidth limit, one clock',
];

/**
 * The running target behind a handle, for the process that started it and for any other one of the same user. Dedicated places
 * carry the marks of the session, so that the owner's teardown ends those that are left.
 * @throws {ExplainedError} for a malformed handle; an error when the session is gone.
 */
export function attachDockerTarget(handle: unknown, options: { readonly clock: Clock }): Target {
  const parsed = parseDockerHandle(handle);
  const session = attachSession(parsed.sessionDir);
  const tool = (name: ToolName) => toolPath(parsed, name);
  const context: DockerContext = {
    session,
    clock: options.clock,
    settings: { images: parsed.images, pull: parsed.pull },
    network: parsed.network,
    kind: parsed.toolPaths['kind'],
    tool,
  };
  const none = async () => undefined;
  return {
    name: 'docker',
    sessionId: session.id,
    capabilities: parsed.capabilities,
    differencesFromProduction: DIFFERENCES,
    tools: parsed.toolsInUse,
    sandbox: parsed.sandbox,
    get s3(): S3Place {
      return required(parsed, parsed.s3, 's3');
    },
    tool,
    // A shared place belongs to the target: giving it back ends nothing.
    sharedNats: async () => ({
      ...required(parsed, parsed.nats, 'nats'),
      dedicated: false,
      [Symbol.asyncDispose]: none,
    }),
    sharedKubernetes: async () => {
      const { name, dir, ports, ...place } = required(parsed, parsed.kubernetes, 'kubernetes');
      return {
        ...place,
        dedicated: false,
        isAlive: async () => await isKindAlive(name),
        loadImage: async (reference, signal, options) => {
          await ensurePodImage(reference, context, signal, options);
          await loadImages(name, [reference], context, signal);
        },
        exposePort: async () => await takePort(ports, dir),
        [Symbol.asyncDispose]: none,
      };
    },
    ...dedicatedPlaces(parsed, STARTERS, context),
  };
}
