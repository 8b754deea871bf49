import type { Clock } from '../../clock/clock.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Capability, KubernetesPlace, NatsPlace, S3Place, Target } from '../../model/target.ts';
import type { ToolName } from '../../model/tools.ts';
import { type StartRegion, startKubernetesRegions } from '../kubernetes-regions.ts';
import { attachSession } from '../session.ts';
import { startDedicatedKubernetes, startDedicatedNats, startDedicatedNatsCluster } from './dedicated.ts';
import { type LocalTargetHandle, parseHandle } from './handle.ts';
import type { LocalContext } from './program.ts';
import { startRegions } from './regions.ts';

const DIFFERENCES: readonly string[] = [
  'S3 is emulated by LocalStack: bucket replication, lifecycle rules and IAM policies are stored but not executed',
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
  const tool = (name: ToolName) => pathOf(parsed, name);
  const context: LocalContext = { session, clock: options.clock, tool };
  return {
    name: 'local',
    sessionId: session.id,
    capabilities: parsed.capabilities,
    differencesFromProduction: DIFFERENCES,
    tools: parsed.toolsInUse,
    get s3(): S3Place {
      return required(parsed.s3, 's3');
    },
    tool,
    sharedNats: async () => shared<Pick<NatsPlace, 'url' | 'settings'>>(required(parsed.nats, 'nats')),
    sharedKubernetes: async () =>
      shared<Omit<KubernetesPlace, 'dedicated' | keyof AsyncDisposable>>(required(parsed.kubernetes, 'kubernetes')),
    dedicatedNats: async (label, signal) => {
      required(parsed.nats, 'nats');
      return await startDedicatedNats(label, context, signal);
    },
    dedicatedNatsCluster: async (label, nodes, signal) => {
      required(parsed.nats, 'nats');
      return await startDedicatedNatsCluster(label, nodes, context, signal);
    },
    dedicatedKubernetes: async (label, signal) => {
      required(parsed.kubernetes, 'kubernetes');
      const s3 = parsed.capabilities.includes('velero') ? Promise.resolve(required(parsed.s3, 's3')) : undefined;
      return await startDedicatedKubernetes(label, s3, context, signal);
    },
    dedicatedKubernetesRegions: async (label, signal) => {
      required(parsed.capabilities.includes('velero') || undefined, 'velero');
      const start: StartRegion = (name, s3, prefix) =>
        startDedicatedKubernetes(name, Promise.resolve(s3), context, signal, prefix);
      return await startKubernetesRegions(label, { s3: required(parsed.s3, 's3'), session, start }, signal);
    },
    dedicatedRegions: async (label, signal) => {
      required(parsed.capabilities.includes('regions') || undefined, 'regions');
      return await startRegions(label, required(parsed.s3, 's3'), context, signal);
    },
  };
}

/** A shared place belongs to the target: giving it back ends nothing. */
function shared<Place extends object>(place: Place): Place & { readonly dedicated: false } & AsyncDisposable {
  return { ...place, dedicated: false, [Symbol.asyncDispose]: async () => undefined };
}

function required<T>(part: T | undefined, capability: Capability): T {
  if (part !== undefined) return part;
  throw new ExplainedError({
    thing: `local target, part ${capability}`,
    expected: 'to have been started',
    observed: 'nobody asked for it at the start',
    nextStep: `Add '${capability}' to the parts given to startLocalTarget, or to the needs of the contract's asset.`,
  });
}

function pathOf({ toolPaths }: LocalTargetHandle, name: ToolName): string {
  const path = toolPaths[name];
  if (path !== undefined) return path;
  throw new ExplainedError({
    thing: `tool ${name}`,
    expected: 'to have been obtained for this target',
    observed: 'the toolchain was not asked for it',
    nextStep: 'Run npx dr-contracts doctor.',
  });
}
