import type { Clock } from '../../clock/clock.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Capability, S3Place, Target } from '../../model/target.ts';
import type { ToolName } from '../../model/tools.ts';
import { type StartRegion, startKubernetesRegions } from '../kubernetes-regions.ts';
import { attachSession } from '../session.ts';
import type { DockerContext } from './context.ts';
import { startDedicatedKubernetes, startDedicatedNats, startDedicatedNatsCluster } from './dedicated.ts';
import { takePort } from './exposed-ports.ts';
import { type DockerTargetHandle, parseDockerHandle } from './handle.ts';
import { isKindAlive, loadImages } from './kind.ts';
import { ensurePodImage } from './pod-images.ts';
import { startRegions } from './regions.ts';

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
  const tool = (name: ToolName) => pathOf(parsed, name);
  const context: DockerContext = {
    session,
    clock: options.clock,
    settings: { images: parsed.images, pull: parsed.pull },
    network: parsed.network,
    tool,
  };
  const none = async () => undefined;
  return {
    name: 'docker',
    sessionId: session.id,
    capabilities: parsed.capabilities,
    differencesFromProduction: DIFFERENCES,
    tools: parsed.toolsInUse,
    get s3(): S3Place {
      return required(parsed.s3, 's3');
    },
    tool,
    // A shared place belongs to the target: giving it back ends nothing.
    sharedNats: async () => ({ ...required(parsed.nats, 'nats'), dedicated: false, [Symbol.asyncDispose]: none }),
    sharedKubernetes: async () => {
      const { name, dir, ports, ...place } = required(parsed.kubernetes, 'kubernetes');
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
    dedicatedNats: async (label, signal) => {
      required(parsed.nats, 'nats');
      return await startDedicatedNats(label, context, signal);
    },
    dedicatedNatsCluster: async (label, nodes, signal) => {
      required(parsed.nats, 'nats');
      return await startDedicatedNatsCluster(label, nodes, context, signal);
    },
    dedicatedRegions: async (label, signal) => {
      required(parsed.capabilities.includes('regions') || undefined, 'regions');
      return await startRegions(label, required(parsed.s3, 's3'), context, signal);
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
  };
}

function required<T>(part: T | undefined, capability: Capability): T {
  if (part !== undefined) return part;
  throw new ExplainedError({
    thing: `docker target, part ${capability}`,
    expected: 'to have been started',
    observed: 'nobody asked for it at the start',
    nextStep: `Add '${capability}' to the parts given to startDockerTarget, or to the needs of the contract's asset.`,
  });
}

function pathOf({ toolPaths }: DockerTargetHandle, name: ToolName): string {
  const path = toolPaths[name];
  if (path !== undefined) return path;
  throw new ExplainedError({
    thing: `tool ${name}`,
    expected: 'to have been obtained for this target',
    observed: 'the toolchain was not asked for it',
    nextStep: 'Run npx dr-contracts doctor.',
  });
}
