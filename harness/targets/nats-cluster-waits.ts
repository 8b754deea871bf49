import { z } from 'zod';
import { httpJson } from '../clients/http.ts';
import { arrived, notYet, type Wait } from '../wait/wait.ts';

/** A node and the address of its monitoring. */
interface Watched {
  readonly serverName: string;
  readonly monitorUrl: string;
}

const READY_BUDGET_MS = 60_000;

/** Of `/jsz`: the leader of the meta group lists the other nodes; these name the leader only. */
const jszSchema = z.object({
  meta_cluster: z
    .object({
      leader: z.string().optional(),
      replicas: z
        .array(z.object({ name: z.string(), current: z.boolean(), offline: z.boolean().optional() }))
        .nullish(),
    })
    .optional(),
});
/**
 * Of `/jsz?streams=1&consumers=1`: the groups of which this node holds a copy. Only a group's leader knows how far the other copies are.
 */
const groupSchema = z.object({
  leader: z.string().optional(),
  replicas: z.array(z.object({ name: z.string(), current: z.boolean() })).nullish(),
});
const copiesSchema = z.object({
  account_details: z
    .array(
      z.object({
        stream_detail: z
          .array(
            z.object({
              name: z.string(),
              cluster: groupSchema,
              consumer_detail: z.array(z.object({ name: z.string(), cluster: groupSchema })).nullish(),
            }),
          )
          .nullish(),
      }),
    )
    .nullish(),
});

/** Waits until the nodes agree on the leader of their meta group and the leader knows all of them. Returns its name. */
export function leaderElected(label: string, nodes: readonly Watched[]): Wait<string> {
  return {
    for: `NATS cluster ${label} to elect a leader of its meta group that knows all ${nodes.length} nodes`,
    budgetMs: READY_BUDGET_MS,
    intervalMs: 50,
    look: async (signal) => {
      const views = await Promise.all(
        nodes.map(async ({ monitorUrl }) => jszSchema.parse(await httpJson(`${monitorUrl}/jsz`, signal))),
      );
      const [leader, ...others] = new Set(views.map((view) => view.meta_cluster?.leader ?? ''));
      if (leader === undefined || leader === '' || others.length > 0)
        return notYet('the nodes do not agree on a leader');
      const known = views.flatMap((view) => view.meta_cluster?.replicas ?? []);
      const missing = nodes.filter(
        ({ serverName }) =>
          serverName !== leader &&
          !known.some(({ name, current, offline }) => name === serverName && current && offline !== true),
      );
      if (missing.length === 0) return arrived(leader);
      return notYet(`${leader} leads and waits for ${missing.map(({ serverName }) => serverName).join(', ')}`);
    },
  };
}

/** Waits until one of these nodes leads each stream and consumer that they hold, and the other copies are not behind it. */
export function everythingLed(label: string, nodes: readonly Watched[]): Wait<undefined> {
  const here = new Set(nodes.map(({ serverName }) => serverName));
  return {
    for: `every stream and consumer of NATS cluster ${label} to be led, and to be whole, on ${[...here].join(' and ')}`,
    budgetMs: READY_BUDGET_MS,
    intervalMs: 50,
    look: async (signal) => {
      const amiss = await Promise.all(
        nodes.map(async ({ monitorUrl, serverName }) => {
          const answer = await httpJson(`${monitorUrl}/jsz?streams=1&consumers=1`, signal);
          return copiesOf(copiesSchema.parse(answer)).flatMap(({ what, group }) => {
            const { leader = '', replicas } = group;
            if (!here.has(leader)) return [`${what} has no leader there`];
            const behind = leader === serverName ? (replicas ?? []) : [];
            return behind.flatMap(({ name, current }) =>
              here.has(name) && !current ? [`${what} is behind on ${name}`] : [],
            );
          });
        }),
      );
      const [first, ...others] = new Set(amiss.flat());
      if (first === undefined) return arrived(undefined);
      return notYet(others.length === 0 ? first : `${first}, and ${others.length} more`);
    },
  };
}

function copiesOf({ account_details }: z.infer<typeof copiesSchema>) {
  const streams = (account_details ?? []).flatMap(({ stream_detail }) => stream_detail ?? []);
  return streams.flatMap(({ name, cluster, consumer_detail }) => [
    { what: `stream ${name}`, group: cluster },
    ...(consumer_detail ?? []).map((each) => ({
      what: `consumer ${each.name} of stream ${name}`,
      group: each.cluster,
    })),
  ]);
}
