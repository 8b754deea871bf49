import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { httpJson, httpRequest } from '../clients/http.ts';
import { formatDuration, formatSize } from '../model/units.ts';
import type { NatsServerSettings } from '../systems/nats/service.ts';
import { arrived, endedByHopelessErrors, notYet, type Wait } from '../wait/wait.ts';

/** The parts of `/varz` that a record needs (nats-server's monitoring endpoint). */
const varzSchema = z.object({
  server_name: z.string(),
  version: z.string(),
  max_payload: z.number(),
  jetstream: z.object({
    config: z.object({
      max_storage: z.number(),
      sync_interval: z.number().optional().describe('Nanoseconds.'),
      sync_always: z.boolean().optional(),
    }),
  }),
});

export type NatsState = z.infer<typeof varzSchema>;

const READY_BUDGET_MS = 15_000;

/** In the server's own configuration language. */
export const jetstreamLimits = {
  // Far more than any drill seeds. Stated because the server's default is three quarters of the free disk.
  max_file_store: 50 * 2 ** 30,
  max_memory_store: 2 ** 30,
} as const;

/** Settings of a server for messages and for its storage. The key is in the configuration file alone. */
export function serverSettings(settings: NatsServerSettings | undefined) {
  const { maxPayloadBytes, encryption } = settings ?? {};
  return {
    ...(maxPayloadBytes === undefined ? {} : { max_payload: maxPayloadBytes }),
    jetstream: {
      ...jetstreamLimits,
      ...(encryption === undefined ? {} : { cipher: encryption, key: randomBytes(32).toString('hex') }),
    },
  };
}

/** Waits until this very server serves JetStream, not merely some server at that address. */
export function natsAnswers(monitorUrl: string, serverName: string): Wait<NatsState> {
  return endedByHopelessErrors({
    for: `nats-server at ${monitorUrl} to serve JetStream`,
    budgetMs: READY_BUDGET_MS,
    intervalMs: 20,
    look: async (signal) => {
      const health = await httpRequest('GET', `${monitorUrl}/healthz?js-enabled-only=true`, signal);
      if (health.status !== 200) return notYet(`healthz answers ${health.status}: ${health.body}`);
      const varz = varzSchema.parse(await httpJson(`${monitorUrl}/varz`, signal));
      return varz.server_name === serverName ? arrived(varz) : notYet(`another server answers: ${varz.server_name}`);
    },
  });
}

/** Settings of a server for the record. */
export function natsSettings({ version, max_payload, jetstream }: NatsState): Record<string, string> {
  const { sync_interval, sync_always, max_storage } = jetstream.config;
  return {
    'nats-server version': version,
    sync_interval: sync_interval === undefined ? 'not reported' : formatDuration(sync_interval / 1e6),
    sync_always: String(sync_always ?? false),
    max_payload: formatSize(max_payload),
    max_storage: formatSize(max_storage),
    'cluster size': '1',
  };
}
