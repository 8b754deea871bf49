import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Region, RegionPair } from '../../model/regions.ts';
import type { S3Place } from '../../model/target.ts';
import type { StartedProcess } from '../../process/supervised.ts';
import { natsAnswers, natsSettings } from '../nats-monitor.ts';
import { onFreePorts } from '../ports.ts';
import { makeRegionBucket } from '../region-bucket.ts';
import {
  newPairSecrets,
  OPEN_ACCESS,
  type PairSecrets,
  PRIMARY_REGION,
  type RegionServer,
  regionConfiguration,
  STANDBY_REGION,
} from '../region-config.ts';
import { LINK_LATENCY_MS, RegionLink } from '../region-link.ts';
import { corefile, dnsEnvironment, hostName, nameAnswers } from '../region-name.ts';
import { Slot, uniqueLabel } from '../slot.ts';
import { type LocalContext, startProgram } from './program.ts';

const HOST = '127.0.0.1';

const NOT_EXERCISED = [
  'the regions’ control planes: each region is a NATS server and a bucket here',
  'the loss of the primary region’s bucket: S3 and Route 53 go on while its servers are gone',
  'Route 53 health checks: the platform’s own procedure does the checking',
];

/** Two regions of one drill's own: a NATS server and a bucket each, a leaf node connection, and a name. */
export async function startRegions(
  label: string,
  s3: S3Place,
  context: LocalContext,
  signal: AbortSignal,
): Promise<RegionPair> {
  await using undo = new AsyncDisposableStack();
  const pair = uniqueLabel(label);
  const secrets = newPairSecrets();
  const dir = context.session.folder('regions', pair);
  undo.defer(() => rm(dir, { recursive: true, force: true }));
  const buckets = ([PRIMARY_REGION, STANDBY_REGION] as const).map(async (region) =>
    undo.use(await makeRegionBucket(bucketOf(pair, region), region, s3, signal)),
  );
  const servers = onFreePorts(6, ([one = 0, two = 0, three = 0, four = 0, leaf = 0, line = 0]) =>
    startServers(pair, { one, two, three, four, leaf, line }, secrets, context, signal, undo),
  );
  const [settled] = await Promise.allSettled([servers, ...buckets]);
  await Promise.all(buckets);
  const { primary, standby, link } = settled.status === 'fulfilled' ? settled.value : await servers;
  const name = undo.use(
    await hostName(
      pair,
      [primary, standby].map(({ region, port }) => ({ region, address: HOST, port })),
      s3,
      signal,
    ),
  );
  const record = name.recordOf(PRIMARY_REGION);
  const dnsPort = await onFreePorts(1, async ([port = 0]) => {
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
    const { process } = await starting.untilServing(nameAnswers(`${HOST}:${port}`, name.service, record), signal);
    undo.defer(async () => void (await process.stop()));
    return port;
  });
  const running = undo.move();
  return {
    primary: regionOf(primary, link, bucketOf(pair, PRIMARY_REGION), name.recordOf(PRIMARY_REGION)),
    standby: regionOf(standby, link, bucketOf(pair, STANDBY_REGION), name.recordOf(STANDBY_REGION)),
    name: { service: name.service, hostedZoneId: name.hostedZoneId, server: `${HOST}:${dnsPort}` },
    credentials: secrets,
    settings: {
      ...primary.settings,
      regions: `${PRIMARY_REGION} and ${STANDBY_REGION}, a NATS server each`,
      'line between the regions': `${LINK_LATENCY_MS} ms one way, bandwidth of this machine`,
    },
    notExercised: NOT_EXERCISED,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const bucketOf = (pair: string, region: string): string => `kgents-${pair}-${region}`;

interface Ports {
  readonly one: number;
  readonly two: number;
  readonly three: number;
  readonly four: number;
  readonly leaf: number;
  readonly line: number;
}

interface Server {
  readonly region: string;
  readonly port: number;
  readonly accessFile: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly slot: Slot<StartedProcess>;
  start(signal: AbortSignal): Promise<StartedProcess>;
}

async function startServers(
  pair: string,
  ports: Ports,
  secrets: PairSecrets,
  context: LocalContext,
  signal: AbortSignal,
  undo: AsyncDisposableStack,
): Promise<{ readonly primary: Server; readonly standby: Server; readonly link: RegionLink }> {
  const link = undo.use(await RegionLink.open(ports.line, ports.leaf));
  const standby = await startServer(
    { pair, region: STANDBY_REGION, port: ports.three, monitor: ports.four, leaf: { listen: `${HOST}:${ports.leaf}` } },
    secrets,
    context,
    signal,
    undo,
  );
  // The primary connects, and starts second: so the regions are joined as soon as it is there, the first time and each time it comes back.
  const primary = await startServer(
    { pair, region: PRIMARY_REGION, port: ports.one, monitor: ports.two, leaf: { connect: `${HOST}:${ports.line}` } },
    secrets,
    context,
    signal,
    undo,
  );
  return { primary, standby, link };
}

interface ServerOptions {
  readonly pair: string;
  readonly region: string;
  readonly port: number;
  readonly monitor: number;
  readonly leaf: RegionServer['leaf'];
}

async function startServer(
  { pair, region, port, monitor, leaf }: ServerOptions,
  secrets: PairSecrets,
  context: LocalContext,
  signal: AbortSignal,
  undo: AsyncDisposableStack,
): Promise<Server> {
  const dir = context.session.folder('regions', pair, region);
  const serverName = `drc-${context.session.id}-${pair}-${region}`;
  const accessFile = join(dir, 'access.conf');
  const configPath = join(dir, 'server.conf');
  const configuration = regionConfiguration(
    {
      serverName,
      domain: region,
      listen: `${HOST}:${port}`,
      http: `${HOST}:${monitor}`,
      storeDir: join(dir, 'storage'),
      accessFile: './access.conf',
      leaf,
    },
    secrets,
  );
  await writeFile(accessFile, OPEN_ACCESS);
  await writeFile(configPath, configuration, { mode: 0o600 });
  const start = async (startSignal: AbortSignal) => {
    const starting = await startProgram(
      { name: `nats-${pair}-${region}`, tool: 'nats-server', args: ['--config', configPath], ending: 'graceful' },
      context,
    );
    return await starting.untilServing(natsAnswers(`http://${HOST}:${monitor}`, serverName), startSignal);
  };
  const { process, value } = await start(signal);
  const slot = new Slot<StartedProcess>(`region ${region} of ${pair}`, process);
  undo.defer(() => slot.end());
  return {
    region,
    port,
    accessFile,
    settings: natsSettings(value),
    slot,
    start: async (startSignal) => (await start(startSignal)).process,
  };
}

function regionOf(
  { region, port, accessFile, slot, start }: Server,
  link: RegionLink,
  bucket: string,
  serviceRecord: string,
): Region {
  return {
    name: region,
    domain: region,
    url: `nats://${HOST}:${port}`,
    bucket,
    accessFile,
    serviceRecord,
    isAlive: async () => slot.current?.isAlive() ?? false,
    fail: () =>
      slot.lose(async (process) => {
        link.cut();
        await process.kill();
        return `every server of region ${region} killed with SIGKILL, page cache kept (not a power loss), storage kept; what was under way to the other region lost`;
      }),
    comeBack: async (signal) => {
      link.mend();
      await slot.replace(() => start(signal));
    },
  };
}
