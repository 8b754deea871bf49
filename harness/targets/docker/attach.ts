import { z } from 'zod';
import { noNodes } from '../../systems/kubernetes/service.ts';
import { malformedHandle, type TargetHandle } from '../handle.ts';
import type { AttachableRuntime } from '../target-runtime.ts';
import type { DockerContext } from './context.ts';
import { ownPlaces } from './own-places.ts';
import { nodesOf } from './pod-nodes.ts';
import { pullPolicies } from './settings.ts';

const DIFFERENCES: readonly string[] = [
  'S3 is emulated by LocalStack: bucket replication, lifecycle rules and IAM policies are stored but not executed',
  'NATS runs in containers, in a single one unless a contract asks for replicas; those share one disk and its power',
  'Kubernetes is a kind cluster of one node: control plane and pods share it, nothing can be moved to another node',
  'persistent volumes are folders on that node; volume snapshots of a cloud provider are not exercised',
  'everything runs on one machine over a bridge network: no network latency, no bandwidth limit, one clock',
];

const runtimeSchema = z.object({
  network: z.string(),
  images: z.record(z.string(), z.string()),
  pull: z.enum(pullPolicies),
});

/** Docker target's part of the handle. */
export type ContainersHandle = z.infer<typeof runtimeSchema>;

/** Runs the real parts in containers. Containers of a single drill also carry the marks of the session. */
export const containers: AttachableRuntime = {
  name: 'docker',
  attach: (handle, { session, clock, tool }) => {
    const { network, images, pull } = containersIn(handle);
    const kind = handle.toolPaths['kind'];
    const context: DockerContext = { session, clock, tool, settings: { images, pull }, network, kind };
    return {
      differencesFromProduction: DIFFERENCES,
      nodesOf: ({ node }) => (node === undefined ? noNodes : nodesOf(node, context)),
      own: ownPlaces(context),
    };
  },
};

/** @throws {ExplainedError} for a handle of another target. */
function containersIn({ kind, runtime }: TargetHandle): ContainersHandle {
  const parsed = runtimeSchema.safeParse(runtime);
  if (parsed.success) return parsed.data;
  throw malformedHandle(kind, parsed.error);
}
