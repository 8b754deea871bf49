import { Slot, uniqueLabel } from '../base/slot.ts';
import type { Clock } from '../clock/clock.ts';
import type { NatsServerSettings } from '../systems/nats/service.ts';
import { type ClusterMembership, type ClusterNode, startNatsCluster } from './nats-cluster.ts';
import type { OwnPlaces } from './target-runtime.ts';

/** Options of a server's start. */
interface ServerStart<Server> {
  readonly settings: NatsServerSettings | undefined;
  /** For a node of a cluster. */
  readonly cluster?: ClusterMembership;
  /** The lost server whose addresses it takes over. */
  readonly again?: Server;
}

/** A cluster node's listen address for the other nodes, and the URL by which they reach it. */
interface Route {
  readonly listen: string;
  readonly url: string;
}

/** A runtime's operations on NATS servers. */
export interface NatsServers<Server extends ClusterNode> {
  readonly clock: Clock;
  start(name: string, options: ServerStart<Server>, signal: AbortSignal): Promise<Server>;
  isAlive(server: Server): Promise<boolean>;
  /** Kills it and removes its storage. Returns exactly what was done. */
  lose(server: Server): Promise<string>;
  /** Returns the routes of nodes that will be started under these names. */
  routesOf(names: readonly string[]): Promise<readonly Route[]>;
  /** Removes the remains of a server that was given back. */
  clear(name: string): Promise<void>;
}

/** Returns NATS servers of a single drill: one server, or a cluster. */
export const ownNats = <Server extends ClusterNode>(
  servers: NatsServers<Server>,
): Pick<OwnPlaces, 'nats' | 'natsCluster'> => ({
  async nats({ label, settings }, signal) {
    const name = uniqueLabel(label);
    const slot = await Slot.open(
      `dedicated NATS server ${name}`,
      () => servers.start(name, { settings }, signal),
      servers.clock,
    );
    const { first } = slot;
    return {
      url: first.url,
      ...(first.urlFromPods === undefined ? {} : { urlFromPods: first.urlFromPods }),
      settings: first.settings,
      isAlive: async () => slot.current !== undefined && (await servers.isAlive(slot.current)),
      lose: () => slot.lose((server) => servers.lose(server)),
      replace: (replacing) => slot.replace(() => servers.start(name, { settings, again: first }, replacing)),
      [Symbol.asyncDispose]: async () => {
        await slot[Symbol.asyncDispose]();
        await servers.clear(name);
      },
    };
  },

  async natsCluster({ label, nodes, settings }, signal) {
    const name = uniqueLabel(label);
    const names = Array.from({ length: nodes }, (_, index) => `${name}-${index + 1}`);
    const routes = await servers.routesOf(names);
    const urls = routes.map(({ url }) => url);
    const place = await startNatsCluster<Server>(
      {
        label: name,
        nodes,
        clock: servers.clock,
        start: async (index, starting, again) =>
          await servers.start(
            `${name}-${index + 1}`,
            {
              settings,
              cluster: { name, listen: routes[index]?.listen ?? '', routes: urls },
              ...(again === undefined ? {} : { again }),
            },
            starting,
          ),
        isAlive: (server) => servers.isAlive(server),
        lose: (server) => servers.lose(server),
      },
      signal,
    );
    return {
      ...place,
      [Symbol.asyncDispose]: async () => {
        await place[Symbol.asyncDispose]();
        await Promise.all(names.map(async (node) => await servers.clear(node)));
      },
    };
  },
});
