import type { RegionPair } from '../../systems/nats/regions.ts';
import type { S3Place } from '../../systems/s3/service.ts';
import { onFreePorts } from '../ports.ts';
import { PRIMARY_REGION, type RegionServer, STANDBY_REGION } from '../region-config.ts';
import { openRegionPair, type RegionMeans } from '../region-pair.ts';
import { placeServer, type RunningServer, type ServerFiles, type ServerMeans, serverNameOf } from '../region-server.ts';
import type { DockerContext } from './context.ts';
import { startNameServer } from './name-server.ts';
import {
  CLIENT_PORT,
  isNatsContainerAlive,
  isNatsVolumeThere,
  killNatsContainer,
  MONITOR_PORT,
  removeNatsContainer,
  removeNatsVolume,
  runNatsContainer,
  STORAGE_PATH,
} from './nats-container.ts';
import { openRegionLine } from './region-line.ts';

const LEAF_PORT = 7_422;

/** Starts two regions of a single drill, as containers joined over the docker network. */
export async function startRegions(
  label: string,
  s3: S3Place,
  context: DockerContext,
  signal: AbortSignal,
): Promise<RegionPair> {
  return await openRegionPair(label, s3, meansOf(s3, context), signal);
}

const meansOf = (s3: S3Place, context: DockerContext): RegionMeans => {
  const nameOf = (pair: string, what: string) => `dr-${context.session.id}-${pair}-${what}`;
  return {
    clock: context.clock,
    async startServers(pair, secrets, signal, undo) {
      const lineAlias = `dr-line-${pair}`;
      const far = { alias: aliasOf(pair, STANDBY_REGION), port: LEAF_PORT };
      const line = await undo.open('line between the regions', () =>
        openRegionLine({ name: nameOf(pair, 'line'), alias: lineAlias, far }, context, signal),
      );
      const place = (region: string, leaf: RegionServer['leaf']) =>
        onFreePorts(1, async ([port = 0]) => {
          const means = serverMeans(
            { pair, region, name: serverNameOf(context.session, pair, region), port, leaf },
            context,
          );
          return await undo.open(`server of region ${region}`, () =>
            placeServer(pair, secrets, means, context.session, context.clock, signal),
          );
        });
      const standby = await place(STANDBY_REGION, { listen: `0.0.0.0:${LEAF_PORT}` });
      const primary = await place(PRIMARY_REGION, { connect: `${lineAlias}:${LEAF_PORT}` });
      return { primary, standby, line };
    },
    async startNameServer(pair, name, signal, undo) {
      const container = nameOf(pair, 'dns');
      const started = await undo.open('name server', () => startNameServer(container, name, s3, context, signal));
      return started.server;
    },
  };
};

const aliasOf = (pair: string, region: string): string => `dr-${region}-${pair}`;

interface RegionContainer {
  readonly pair: string;
  readonly region: string;
  /** Name of the container, its volume and the server. */
  readonly name: string;
  readonly port: number;
  readonly leaf: RegionServer['leaf'];
}

function serverMeans({ pair, region, name, port, leaf }: RegionContainer, context: DockerContext): ServerMeans {
  return {
    region,
    port,
    configuration: {
      listen: `0.0.0.0:${CLIENT_PORT}`,
      http: `0.0.0.0:${MONITOR_PORT}`,
      storeDir: STORAGE_PATH,
      leaf,
    },
    start: async (files, signal) => await startServer(files, aliasOf(pair, region), port, context, signal),
    isStorageThere: () => isNatsVolumeThere(name),
    removeStorage: () => removeNatsVolume(name),
  };
}

async function startServer(
  { serverName, dir, configName }: ServerFiles,
  alias: string,
  port: number,
  context: DockerContext,
  signal: AbortSignal,
): Promise<RunningServer> {
  const configuration = { folder: dir, file: configName };
  const { settings } = await runNatsContainer({ name: serverName, alias, port, configuration }, context, signal);
  return {
    settings,
    isAlive: () => isNatsContainerAlive(serverName),
    kill: async () => {
      await killNatsContainer(serverName);
      return 'container killed with SIGKILL, page cache kept (not a power loss), and removed';
    },
    [Symbol.asyncDispose]: () => removeNatsContainer(serverName),
  };
}
