import { rm } from 'node:fs/promises';
import { Slot, uniqueLabel } from '../../base/slot.ts';
import type { LosableNats, NatsClusterPlace, NatsClusterRequest, OwnNatsRequest } from '../../systems/nats/service.ts';
import type { VeleroCluster } from '../kubernetes-regions.ts';
import { VELERO_NAMESPACE } from '../local/velero.ts';
import { startNatsCluster } from '../nats-cluster.ts';
import { backupPrefix, startCluster } from './cluster.ts';
import type { ClusterOptions } from './cluster-options.ts';
import type { DockerContext } from './context.ts';
import { isKindAlive, loseKindCluster, readKubeAccess } from './kind.ts';
import { aliasOf, isNatsAlive, loseNats, ROUTE_PORT, type StartedNats, startNats } from './nats.ts';
import { nodesOf } from './pod-nodes.ts';
import { restartVelero } from './velero.ts';

/** A NATS server of one drill's own, which may be lost whole and replaced at the same address. */
export async function startDedicatedNats(
  { label, settings }: OwnNatsRequest,
  context: DockerContext,
  signal: AbortSignal,
): Promise<LosableNats> {
  const name = uniqueLabel(label);
  const slot = await Slot.open(
    `dedicated NATS server ${name}`,
    () => startNats(name, context, signal, { settings }),
    context.clock,
  );
  const { first } = slot;
  return {
    url: first.url,
    urlFromPods: first.urlFromPods,
    settings: first.settings,
    isAlive: async () => slot.current !== undefined && (await isNatsAlive(slot.current)),
    lose: () => slot.lose(loseNats),
    replace: (replaceSignal) =>
      slot.replace(() => startNats(name, context, replaceSignal, { port: first.port, settings })),
    [Symbol.asyncDispose]: () => slot[Symbol.asyncDispose](),
  };
}

/** A NATS cluster of one drill's own: so many containers, joined by routes over the docker network. */
export async function startDedicatedNatsCluster(
  { label, nodes, settings }: NatsClusterRequest,
  context: DockerContext,
  signal: AbortSignal,
): Promise<NatsClusterPlace> {
  const name = uniqueLabel(label);
  const labelOf = (index: number) => `${name}-${index + 1}`;
  const routes = Array.from({ length: nodes }, (_, index) => `nats-route://${aliasOf(labelOf(index))}:${ROUTE_PORT}`);
  return await startNatsCluster<StartedNats>(
    {
      label: name,
      nodes,
      clock: context.clock,
      start: async (index, startSignal, again) =>
        await startNats(labelOf(index), context, startSignal, {
          ...(again === undefined ? {} : { port: again.port }),
          settings,
          cluster: { name, listen: `0.0.0.0:${ROUTE_PORT}`, routes },
        }),
      isAlive: isNatsAlive,
      lose: loseNats,
    },
    signal,
  );
}

/** A kind cluster of one drill's own with its own Velero, which may be lost whole and replaced by an empty one. */
export async function startDedicatedKubernetes(
  label: string,
  s3: ClusterOptions['s3'],
  context: DockerContext,
  signal: AbortSignal,
  givenPrefix?: string,
): Promise<VeleroCluster> {
  const name = uniqueLabel(label);
  const prefix = givenPrefix ?? backupPrefix(context.session.id, name);
  const slot = await Slot.open(
    `dedicated Kubernetes cluster ${name}`,
    () => startCluster({ label: name, s3, prefix }, context, signal),
    context.clock,
  );
  const { first } = slot;
  const { ports } = first;
  const dir = context.session.folder('kubernetes', name);
  return {
    kubeconfigPath: first.kubeconfigPath,
    veleroNamespace: VELERO_NAMESPACE,
    backupPrefix: prefix,
    settings: first.settings,
    isAlive: async () => slot.current !== undefined && (await isKindAlive(slot.current.name)),
    lose: () => slot.lose(async (cluster) => await loseKindCluster(cluster.name)),
    replace: (replaceSignal) =>
      slot.replace(() => startCluster({ label: name, s3, ports, prefix }, context, replaceSignal)),
    readBucketAgain: async (readSignal) => {
      if (slot.current === undefined) return;
      const access = await readKubeAccess(slot.current.kubeconfigPath);
      await restartVelero(access, context.clock, readSignal);
    },
    nodes: nodesOf({ name: first.name, ports, dir }, context),
    [Symbol.asyncDispose]: async () => {
      await slot[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
