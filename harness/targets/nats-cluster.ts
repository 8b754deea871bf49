import { z } from 'zod';
import { Scope } from '../base/scope.ts';
import { Slot } from '../base/slot.ts';
import { httpJson } from '../clients/http.ts';
import type { Clock } from '../clock/clock.ts';
import type { NatsClusterPlace } from '../systems/nats/service.ts';
import { waitFor } from '../wait/wait.ts';
import { everythingLed, leaderElected } from './nats-cluster-waits.ts';

/** One of the servers of a cluster. */
export interface ClusterNode extends AsyncDisposable {
  readonly serverName: string;
  readonly url: string;
  readonly urlFromPods?: string;
  readonly monitorUrl: string;
  readonly settings: Readonly<Record<string, string>>;
}

export interface NatsClusterOptions<Node extends ClusterNode> {
  readonly label: string;
  readonly nodes: number;
  readonly clock: Clock;
  /** Starts the node with that index; with `again`, at the addresses of that lost node. */
  start(index: number, signal: AbortSignal, again?: Node): Promise<Node>;
  isAlive(node: Node): Promise<boolean>;
  /** Kills it and removes its storage. Returns exactly what was done. */
  lose(node: Node): Promise<string>;
}

/** A cluster node's additions to the configuration of a single server. */
export interface ClusterMembership {
  readonly name: string;
  readonly listen: string;
  readonly routes: readonly string[];
}

const varzSchema = z.object({ server_id: z.string() });

/**
 * Starts a cluster of a single drill, which can lose all its nodes, or the node that led its meta group at the start. Ready when that
 * leader knows every other node: before that, no replicated stream can be made.
 * @throws when a node does not start, or no leader is elected; everything has been stopped by then.
 */
export async function startNatsCluster<Node extends ClusterNode>(
  options: NatsClusterOptions<Node>,
  signal: AbortSignal,
): Promise<NatsClusterPlace> {
  const { label, nodes: size, clock, start, lose } = options;
  await using undo = new Scope({ what: `cluster ${label}`, clock });
  const starting = Array.from({ length: size }, (_, index) =>
    undo.open(`node ${index + 1}`, () => Slot.open(`node ${index + 1} of ${label}`, () => start(index, signal), clock)),
  );
  await Promise.allSettled(starting);
  const slots = await Promise.all(starting);
  const first = slots.map((slot) => slot.first);
  const restart = async (index: number, from: AbortSignal) =>
    await slots[index]?.replace(async () => await start(index, from, first[index]));
  // Returns the present nodes: a returned node may have another address than the lost one.
  const now = () => slots.flatMap(({ current }) => current ?? []);
  const ready = async (from: AbortSignal) => await waitFor(leaderElected(label, now()), clock, from);
  const alive = async (slot: Slot<Node> | undefined) =>
    slot?.current !== undefined && (await options.isAlive(slot.current));
  const leader = await ready(signal);
  const running = undo.handOver();
  const index = first.findIndex(({ serverName }) => serverName === leader);
  const urlsFromPods = first.flatMap(({ urlFromPods }) => urlFromPods ?? []);
  return {
    url: first.map(({ url }) => url).join(','),
    ...(urlsFromPods.length === 0 ? {} : { urlFromPods: urlsFromPods.join(',') }),
    settings: { ...first[0]?.settings, 'cluster size': String(size) },
    isAlive: async () => (await Promise.all(slots.map(alive))).some(Boolean),
    lose: async () => {
      const [done = ''] = await Promise.all(slots.map(async (slot) => await slot.lose(lose)));
      return `every one of ${size} nodes: ${done}`;
    },
    replace: async (from) => {
      await Promise.all(slots.map(async (_, each) => await restart(each, from)));
      await ready(from);
    },
    node: {
      name: leader,
      isAlive: async () => await alive(slots[index]),
      serverId: async (from) => await serverIdOf(slots[index]?.current?.monitorUrl ?? '', from),
      lose: async () => {
        const done = (await slots[index]?.lose(lose)) ?? '';
        return `node ${leader}, which led the meta group, of ${size}: ${done}`;
      },
      succeeded: async (from) => {
        await ready(from);
        await waitFor(everythingLed(label, now()), clock, from);
      },
      replace: async (from) => {
        await restart(index, from);
        await ready(from);
      },
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

async function serverIdOf(monitorUrl: string, signal: AbortSignal): Promise<string> {
  return varzSchema.parse(await httpJson(`${monitorUrl}/varz`, signal)).server_id;
}
