import type { Clock } from '../../clock/clock.ts';
import type { Target } from '../../model/target.ts';
import type { ToolName } from '../../model/tools.ts';
import { noNodes } from '../../systems/kubernetes/service.ts';
import { attachSession } from '../session.ts';
import { lent, targetPlaces, toolPath } from '../target-places.ts';
import { startDedicatedKubernetes, startDedicatedNats, startDedicatedNatsCluster } from './dedicated.ts';
import { startEnforcingStore } from './enforcing-store.ts';
import { parseHandle } from './handle.ts';
import type { LocalContext } from './program.ts';
import { startRegions } from './regions.ts';

const STARTERS = {
  nats: startDedicatedNats,
  natsCluster: startDedicatedNatsCluster,
  kubernetes: startDedicatedKubernetes,
  regions: startRegions,
};

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

/**
 * The running target behind a handle, for the process that started it and for any other one of the same user. Dedicated servers
 * are children of the process that asked for them; the owner's teardown ends those that are left.
 * @throws {ExplainedError} for a malformed handle; an error when the session is gone.
 */
export function attachLocalTarget(handle: unknown, options: { readonly clock: Clock }): Target {
  const parsed = parseHandle(handle);
  const session = attachSession(parsed.sessionDir);
  const tool = (name: ToolName) => toolPath(parsed, name);
  const context: LocalContext = { session, clock: options.clock, tool };
  const { s3, nats, kubernetes, enforcing } = parsed;
  const parts = {
    ...parsed,
    s3,
    nats: nats && lent(nats),
    kubernetes: kubernetes && lent({ ...kubernetes, nodes: noNodes }),
  };
  const starters = {
    ...STARTERS,
    ...(enforcing && {
      enforcing: async (label: string, its: LocalContext, signal: AbortSignal) =>
        await startEnforcingStore(enforcing, label, its, signal),
    }),
  };
  return {
    name: 'local',
    sessionId: session.id,
    capabilities: parsed.capabilities,
    differencesFromProduction: [S3_DIFFERENCES[parsed.s3Server ?? 'localstack'], ...DIFFERENCES],
    tools: parsed.toolsInUse,
    sandbox: parsed.sandbox,
    tool,
    ...targetPlaces(parts, starters, context),
  };
}
