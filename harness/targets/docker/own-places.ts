import { ownCluster } from '../own-cluster.ts';
import { ownNats } from '../own-nats.ts';
import type { OwnPlaces } from '../target-runtime.ts';
import { startCluster } from './cluster.ts';
import type { StartedCluster } from './cluster-options.ts';
import type { DockerContext } from './context.ts';
import { isKindAlive, loseKindCluster, readKubeAccess } from './kind.ts';
import { aliasOf, isNatsAlive, loseNats, ROUTE_PORT, type StartedNats, startNats } from './nats.ts';
import { nodesOf } from './pod-nodes.ts';
import { startRegions } from './regions.ts';
import { restartVelero } from './velero.ts';

/** Starts places of a single drill as containers and kind clusters. */
export const ownPlaces = (context: DockerContext): OwnPlaces => ({
  ...ownNats<StartedNats>({
    clock: context.clock,
    start: async (name, { settings, cluster, again }, signal) =>
      await startNats(name, context, signal, {
        settings,
        ...(cluster === undefined ? {} : { cluster }),
        ...(again === undefined ? {} : { port: again.port }),
      }),
    isAlive: isNatsAlive,
    lose: loseNats,
    // Joined over the docker network.
    routesOf: async (names) =>
      names.map((name) => ({
        listen: `0.0.0.0:${ROUTE_PORT}`,
        url: `nats-route://${aliasOf(name)}:${ROUTE_PORT}`,
      })),
    // The volume was removed with the container.
    clear: async () => undefined,
  }),
  kubernetes: ownCluster<StartedCluster>({
    thing: 'Kubernetes cluster',
    session: context.session,
    clock: context.clock,
    start: async ({ label, s3, prefix, again }, signal) =>
      await startCluster(
        { label, s3, prefix, ...(again === undefined ? {} : { ports: again.ports }) },
        context,
        signal,
      ),
    isAlive: async ({ name }) => await isKindAlive(name),
    lose: async ({ name }) => await loseKindCluster(name),
    restartVelero: async ({ kubeconfigPath }, signal) =>
      await restartVelero(await readKubeAccess(kubeconfigPath), context.clock, signal),
    nodesOf: ({ name, ports }, dir) => nodesOf({ name, ports, dir }, context),
  }),
  regions: async (label, s3, signal) => await startRegions(label, s3, context, signal),
});
