import { rm } from 'node:fs/promises';
import { noNodes } from '../../systems/kubernetes/service.ts';
import { ownCluster } from '../own-cluster.ts';
import { ownNats } from '../own-nats.ts';
import { freePort } from '../ports.ts';
import type { SharedPlaces } from '../shared-places.ts';
import type { OwnPlaces } from '../target-runtime.ts';
import { loseCluster, type StartedCluster, startCluster } from './cluster.ts';
import { startEnforcingStore } from './enforcing-store.ts';
import { loseNats, type StartedNats, startNats } from './nats.ts';
import type { LocalContext } from './program.ts';
import { startRegions } from './regions.ts';

/** Starts places of a single drill as processes of this machine. */
export const ownPlaces = (
  context: LocalContext,
  enforcing: SharedPlaces['enforced-access'] | undefined,
): OwnPlaces => ({
  ...ownNats<StartedNats>({
    clock: context.clock,
    start: async (name, { settings, cluster, again }, signal) =>
      await startNats(name, context, signal, {
        settings,
        ...(cluster === undefined ? {} : { cluster }),
        ...(again === undefined ? {} : { port: again.port }),
        // The monitors of the other nodes also keep their addresses.
        ...(again === undefined || cluster === undefined ? {} : { monitorPort: again.monitorPort }),
      }),
    isAlive: async ({ process }) => process.isAlive(),
    lose: loseNats,
    // Joined over loopback.
    routesOf: async (names) =>
      (await Promise.all(names.map(async () => await freePort()))).map((port) => ({
        listen: `127.0.0.1:${port}`,
        url: `nats-route://127.0.0.1:${port}`,
      })),
    clear: async (name) => await rm(context.session.folder('nats', name), { recursive: true, force: true }),
  }),
  kubernetes: ownCluster<StartedCluster>({
    thing: 'Kubernetes API',
    session: context.session,
    clock: context.clock,
    start: async ({ label, s3, prefix, gcs }, signal) =>
      await startCluster({ label, s3, prefix, gcs }, context, signal),
    isAlive: async ({ processes }) => processes.some((process) => process.isAlive()),
    lose: loseCluster,
    restartVelero: async (cluster, signal) => await cluster.restartVelero(signal),
    nodesOf: () => noNodes,
  }),
  regions: async (label, s3, signal) => await startRegions(label, s3, context, signal),
  ...(enforcing && {
    enforcing: async (label: string, signal: AbortSignal) =>
      await startEnforcingStore(enforcing, label, context, signal),
  }),
});
