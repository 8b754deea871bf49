import { z } from 'zod';
import { noNodes } from '../../systems/kubernetes/service.ts';
import { malformedHandle, type TargetHandle } from '../handle.ts';
import type { AttachableRuntime } from '../target-runtime.ts';
import { ownPlaces } from './own-places.ts';

const S3_DIFFERENCES = {
  localstack:
    'S3 is emulated by LocalStack: bucket replication, lifecycle rules and IAM policies are stored but not executed',
  seaweedfs: 'S3 is served by SeaweedFS, which has no bucket replication, no STS and no public access block',
} as const;

const DIFFERENCES: readonly string[] = [
  'NATS runs on this machine, as a single node unless a contract asks for replicas; those share its disk and its power',
  'the Kubernetes API has no nodes: no pod runs, no volume is mounted; etcd does not sync to disk',
  'everything runs on one machine over loopback: no network latency, no bandwidth limit, one clock',
];

const runtimeSchema = z.object({ s3Server: z.enum(['localstack', 'seaweedfs']) });

/** Local target's part of the handle. */
export type ProcessesHandle = z.infer<typeof runtimeSchema>;

/** Runs the real parts as processes of this machine. Parts of a single drill are children of the process that requested them. */
export const processes: AttachableRuntime = {
  name: 'local',
  attach: (handle, context) => ({
    differencesFromProduction: [S3_DIFFERENCES[s3ServerOf(handle)], ...DIFFERENCES],
    nodesOf: () => noNodes,
    own: ownPlaces(context, handle.places['enforced-access']),
  }),
};

function s3ServerOf({ kind, runtime }: TargetHandle): ProcessesHandle['s3Server'] {
  const parsed = runtimeSchema.safeParse(runtime);
  if (parsed.success) return parsed.data.s3Server;
  throw malformedHandle(kind, parsed.error);
}
