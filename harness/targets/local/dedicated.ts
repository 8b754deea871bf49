import { rm } from 'node:fs/promises';
import { Slot, uniqueLabel } from '../../base/slot.ts';
import { noNodes } from '../../systems/kubernetes/service.ts';
import type { LosableNats, NatsClusterPlace, NatsClusterRequest, OwnNatsRequest } from '../../systems/nats/service.ts';
import type { VeleroCluster } from '../kubernetes-regions.ts';
import { startNatsCluster } from '../nats-cluster.ts';
import { freePort } from '../ports.ts';
import { backupPrefix, type ClusterOptions, loseCluster, startCluster } from './cluster.ts';
import { loseNats, type StartedNats, startNats } from './nats.ts';
import type { LocalContext } from './program.ts';
import { VELERO_NAMESPACE } from './velero.ts';

/** A NATS server of one drill's own, which may be lost whole and replaced at the same address. */
export async function startDedicatedNats(
  { label, settings }: OwnNatsRequest,
  context: LocalContext,
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
    settings: first.settings,
    isAlive: async () => slot.current?.process.isAlive() ?? false,
    lose: () => slot.lose(loseNats),
    replace: (replaceSignal) =>
      slot.replace(() => startNats(name, context, replaceSignal, { port: first.port, settings })),
    [Symbol.asyncDispose]: async () => {
      await slot[Symbol.asyncDispose]();
      await rm(context.session.folder('nats', name), { recursive: true, force: true });
    },
  };
}

/** A NATS cluster of one drill's own, its nodes joined by routes over loopback. */
export async function startDedicatedNatsCluster(
  { label, nodes, settings }: NatsClusterRequest,
  context: LocalContext,
  signal: AbortSignal,
): Promise<NatsClusterPlace> {
  const name = uniqueLabel(label);
  const routePorts = await Promise.all(Array.from({ length: nodes }, freePort));
  const routes = routePorts.map((port) => `nats-route://127.0.0.1:${port}`);
  const place = await startNatsCluster<StartedNats>(
    {
      label: name,
      nodes,
      clock: context.clock,
      start: async (index, startSignal, again) =>
        await startNats(`${name}-${index + 1}`, context, startSignal, {
          ...(again === undefined ? {} : { port: again.port, monitorPort: again.monitorPort }),
          settings,
          cluster: { name, listen: `127.0.0.1:${routePorts[index] ?? 0}`, routes },
        }),
      isAlive: async ({ process }) => process.isAlive(),
      lose: loseNats,
    },
    signal,
  );
  return {
    ...place,
    [Symbol.asyncDispose]: async () => {
      await place[Symbol.asyncDispose]();
      const folders = routePorts.map((_, index) => context.session.folder('nats', `${name}-${index + 1}`));
      await Promise.all(folders.map(async (folder) => await rm(folder, { recursive: true, force: true })));
    },
  };
}

/** A control plane of one drill's own with its own Velero, which may be lost whole and replaced by an empty one. */
export async function startDedicatedKubernetes(
  label: string,
  s3: ClusterOptions['s3'],
  context: LocalContext,
  signal: AbortSignal,
  givenPrefix?: string,
): Promise<VeleroCluster> {
  const name = uniqueLabel(label);
  const prefix = givenPrefix ?? backupPrefix(context.session.id, name);
  const slot = await Slot.open(
    `dedicated Kubernetes API ${name}`,
    () => startCluster({ label: name, s3, prefix }, context, signal),
    context.clock,
  );
  const { first } = slot;
  return {
    kubeconfigPath: first.kubeconfigPath,
    veleroNamespace: VELERO_NAMESPACE,
    backupPrefix: prefix,
    settings: first.settings,
    nodes: noNodes,
    isAlive: async () => slot.current?.processes.some((process) => process.isAlive()) ?? false,
    lose: () => slot.lose(loseCluster),
    replace: (replaceSignal) => slot.replace(() => startCluster({ label: name, s3, prefix }, context, replaceSignal)),
    readBucketAgain: async (readSignal) => await slot.current?.restartVelero(readSignal),
    [Symbol.asyncDispose]: async () => {
      await slot[Symbol.asyncDispose]();
      await rm(context.session.folder('kubernetes', name), { recursive: true, force: true });
    },
  };
}
