import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { formatDuration, formatSize } from '../../model/units.ts';
import type { StartedProcess } from '../../process/supervised.ts';
import { arrived, notYet, type Wait } from '../../wait/wait.ts';
import { onFreePorts, requireFree } from '../ports.ts';
import { type LocalContext, startProgram } from './program.ts';

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

export interface NatsAddress {
  readonly url: string;
  readonly monitorUrl: string;
  readonly settings: Readonly<Record<string, string>>;
}

export interface StartedNats extends NatsAddress, AsyncDisposable {
  readonly process: StartedProcess;
  readonly port: number;
  readonly storageDir: string;
}

const READY_BUDGET_MS = 15_000;
// Far more than any drill seeds, and stated: by default the server would take three quarters of what the disk has free.
const MAX_STORAGE_BYTES = 50 * 2 ** 30;
const MAX_MEMORY_BYTES = 2 ** 30;

/**
 * Starts a NATS server with JetStream, on `port` or on a free one, with its storage in the session's folder.
 * @throws {ExplainedError} when `port` is occupied.
 */
export async function startNats(
  label: string,
  context: LocalContext,
  signal: AbortSignal,
  port?: number,
): Promise<StartedNats> {
  if (port === undefined) {
    return await onFreePorts(2, ([client = 0, monitor = 0]) => startOn(client, monitor, label, context, signal));
  }
  await requireFree(port, `NATS server ${label}`);
  return await onFreePorts(1, ([monitor = 0]) => startOn(port, monitor, label, context, signal));
}

async function startOn(
  port: number,
  monitorPort: number,
  label: string,
  context: LocalContext,
  signal: AbortSignal,
): Promise<StartedNats> {
  const { session } = context;
  const name = `nats-${label}`;
  const serverName = `drc-${session.id}-${label}`;
  const storageDir = session.folder('nats', label, 'storage');
  const configPath = join(session.folder('nats', label), 'server.conf');
  await writeFile(configPath, configuration({ serverName, port, monitorPort, storageDir }), { mode: 0o600 });
  const monitorUrl = `http://127.0.0.1:${monitorPort}`;
  const starting = await startProgram(
    { name, tool: 'nats-server', args: ['--config', configPath], ending: 'graceful' },
    context,
  );
  const { process, value } = await starting.untilServing(answers(monitorUrl, serverName), signal);
  return {
    process,
    port,
    storageDir,
    url: `nats://127.0.0.1:${port}`,
    monitorUrl,
    settings: settingsOf(value),
    [Symbol.asyncDispose]: async () => {
      await process.stop();
    },
  };
}

/** Kills the server without a chance to sync and removes what it stored. @returns exactly what was done. */
export async function loseNats(server: StartedNats): Promise<string> {
  await server.process.kill();
  await rm(server.storageDir, { recursive: true, force: true });
  return 'process killed with SIGKILL, page cache kept (not a power loss), JetStream storage folder removed';
}

function answers(monitorUrl: string, serverName: string): Wait<z.infer<typeof varzSchema>> {
  return {
    for: `nats-server at ${monitorUrl} to serve JetStream`,
    budgetMs: READY_BUDGET_MS,
    intervalMs: 20,
    look: async (signal) => {
      const health = await fetch(`${monitorUrl}/healthz?js-enabled-only=true`, { signal });
      if (!health.ok) return notYet(`healthz answers ${health.status}: ${await health.text()}`);
      const varz = varzSchema.parse(await (await fetch(`${monitorUrl}/varz`, { signal })).json());
      return varz.server_name === serverName ? arrived(varz) : notYet(`another server answers: ${varz.server_name}`);
    },
  };
}

function settingsOf({ version, max_payload, jetstream }: z.infer<typeof varzSchema>): Record<string, string> {
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

interface ServerConfiguration {
  readonly serverName: string;
  readonly port: number;
  readonly monitorPort: number;
  readonly storageDir: string;
}

/** The server reads JSON as its own configuration language. */
function configuration({ serverName, port, monitorPort, storageDir }: ServerConfiguration): string {
  return JSON.stringify(
    {
      server_name: serverName,
      listen: `127.0.0.1:${port}`,
      http: `127.0.0.1:${monitorPort}`,
      jetstream: { store_dir: storageDir, max_file_store: MAX_STORAGE_BYTES, max_memory_store: MAX_MEMORY_BYTES },
    },
    undefined,
    2,
  );
}
