import type { Clock } from '../../clock/clock.ts';
import type { Target } from '../../model/target.ts';
import type { ToolName } from '../../model/tools.ts';
import type { KubernetesPlace } from '../../systems/kubernetes/service.ts';
import { attachSession } from '../session.ts';
import { lent, targetPlaces, toolPath } from '../target-places.ts';
import type { DockerContext } from './context.ts';
import { startDedicatedKubernetes, startDedicatedNats, startDedicatedNatsCluster } from './dedicated.ts';
import { type DockerTargetHandle, parseDockerHandle } from './handle.ts';
import { nodesOf } from './pod-nodes.ts';
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
  const { nats, kubernetes } = parsed;
  const parts = {
    ...parsed,
    nats: nats && lent(nats),
    kubernetes: kubernetes && sharedCluster(kubernetes, context),
  };
  return {
    name: 'docker',
    sessionId: session.id,
    capabilities: parsed.capabilities,
    differencesFromProduction: DIFFERENCES,
    tools: parsed.toolsInUse,
    sandbox: parsed.sandbox,
    tool,
    ...targetPlaces(parts, STARTERS, context),
  };
}

const sharedCluster = (
  { name, dir, ports, ...place }: NonNullable<DockerTargetHandle['kubernetes']>,
  context: DockerContext,
): KubernetesPlace => lent({ ...place, nodes: nodesOf({ name, ports, dir }, context) });
