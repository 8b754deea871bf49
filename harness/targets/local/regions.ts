import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegionPair } from '../../systems/nats/regions.ts';
import type { S3Place } from '../../systems/s3/service.ts';
import { natsAnswers, natsSettings } from '../nats-monitor.ts';
import { onFreePorts } from '../ports.ts';
import { PRIMARY_REGION, type RegionServer, STANDBY_REGION } from '../region-config.ts';
import { corefile, dnsEnvironment, nameAnswers } from '../region-name.ts';
import { LINK_LATENCY_MS, openRegionPair, type RegionMeans } from '../region-pair.ts';
import { placeServer, type RunningServer, type ServerFiles, type ServerMeans } from '../region-server.ts';
import { Relay } from '../relay.ts';
import { type LocalContext, startProgram } from './program.ts';

const HOST = '127.0.0.1';

/** Starts two regions of a single drill, as processes joined over loopback. */
export async function startRegions(
  label: string,
  s3: S3Place,
  context: LocalContext,
  signal: AbortSignal,
): Promise<RegionPair> {
  return await openRegionPair(label, s3, meansOf(s3, context), signal);
}

const meansOf = (s3: S3Place, context: LocalContext): RegionMeans => ({
  clock: context.clock,
  startServers: (pair, secrets, signal, undo) =>
    onFreePorts(6, async ([one = 0, two = 0, three = 0, four = 0, leaf = 0, joint = 0]) => {
      const line = await undo.open('line between the regions', () =>
        Relay.open({ port: joint, to: { host: HOST, port: leaf }, latencyMs: LINK_LATENCY_MS }),
      );
      const place = async (region: string, port: number, monitor: number, join: RegionServer['leaf']) =>
        await undo.open(`server of region ${region}`, () =>
          placeServer(
            pair,
            secrets,
            serverMeans(pair, region, { port, monitor, leaf: join }, context),
            context.session,
            context.clock,
            signal,
          ),
        );
      const standby = await place(STANDBY_REGION, three, four, { listen: `${HOST}:${leaf}` });
      const primary = await place(PRIMARY_REGION, one, two, { connect: `${HOST}:${joint}` });
      return { primary, standby, line };
    }),

  startNameServer: (pair, name, signal, undo) =>
    onFreePorts(1, async ([port = 0]) => {
      const dir = context.session.folder('regions', pair);
      undo.defer(`folder of ${pair}`, () => rm(dir, { recursive: true, force: true }));
      const path = join(dir, 'Corefile');
      await writeFile(path, corefile(name.zone, name.hostedZoneId, { host: HOST, port }));
      const starting = await startProgram(
        {
          name: `coredns-${pair}`,
          tool: 'coredns',
          args: ['-conf', path],
          env: dnsEnvironment(s3, s3.endpoint),
          ending: 'immediate',
        },
        context,
      );
      const server = `${HOST}:${port}`;
      const { process } = await starting.untilServing(
        nameAnswers(server, name.service, name.recordOf(PRIMARY_REGION)),
        signal,
      );
      undo.defer(`name server of ${pair}`, () => process.stop());
      return server;
    }),
});

interface Addresses {
  readonly port: number;
  readonly monitor: number;
  readonly leaf: RegionServer['leaf'];
}

function serverMeans(
  pair: string,
  region: string,
  { port, monitor, leaf }: Addresses,
  context: LocalContext,
): ServerMeans {
  const storeDir = join(context.session.folder('regions', pair, region), 'storage');
  return {
    region,
    port,
    configuration: { listen: `${HOST}:${port}`, http: `${HOST}:${monitor}`, storeDir, leaf },
    start: async (files, signal) => await startServer(`nats-${pair}-${region}`, files, monitor, context, signal),
    isStorageThere: async () => existsSync(storeDir),
    removeStorage: async () => await rm(storeDir, { recursive: true, force: true }),
  };
}

async function startServer(
  name: string,
  { serverName, dir, configName }: ServerFiles,
  monitor: number,
  context: LocalContext,
  signal: AbortSignal,
): Promise<RunningServer> {
  const starting = await startProgram(
    { name, tool: 'nats-server', args: ['--config', join(dir, configName)], ending: 'graceful' },
    context,
  );
  const { process, value } = await starting.untilServing(natsAnswers(`http://${HOST}:${monitor}`, serverName), signal);
  return {
    settings: natsSettings(value),
    isAlive: async () => process.isAlive(),
    kill: async () => {
      await process.kill();
      return 'killed with SIGKILL, page cache kept (not a power loss)';
    },
    [Symbol.asyncDispose]: async () => void (await process.stop()),
  };
}
