import { Scope } from '../base/scope.ts';
import { uniqueLabel } from '../base/slot.ts';
import { httpRequest } from '../clients/http.ts';
import type { Clock } from '../clock/clock.ts';
import type { Region, RegionPair } from '../systems/nats/regions.ts';
import type { S3Place } from '../systems/s3/service.ts';
import { onFreePorts } from './ports.ts';
import { RegionBucket } from './region-bucket.ts';
import { newPairSecrets, type PairSecrets, PRIMARY_REGION, STANDBY_REGION } from './region-config.ts';
import { type HostedName, hostName } from './region-name.ts';
import type { PlacedServer } from './region-server.ts';
import { Relay } from './relay.ts';

const HOST = '127.0.0.1';

/** One-way latency between two regions of a continent, e.g. us-west-2 and us-east-2. */
export const LINK_LATENCY_MS = 25;

const NOT_EXERCISED = [
  'the regions’ control planes: each region is a NATS server and a bucket here (other drills lose the region of a namespace)',
  'the loss of Route 53: a global service, which goes on while a region is gone',
  'Route 53 health checks: the platform’s own procedure does the checking',
];

/** A line that can be cut at once, losing the data in transit, and mended again. */
export type Line = Pick<Relay, 'cut' | 'mend'>;

interface JoinedServers {
  readonly primary: PlacedServer;
  readonly standby: PlacedServer;
  /** Line between the two: {@link LINK_LATENCY_MS} each way. */
  readonly line: Line;
}

/** A target's means to run a pair of regions. Every started thing is handed to `undo` at once. */
export interface RegionMeans {
  readonly clock: Clock;
  /** Starts the standby first: the primary connects, so they are joined whenever the primary starts. */
  startServers(pair: string, secrets: PairSecrets, signal: AbortSignal, undo: Scope): Promise<JoinedServers>;
  /** Starts a DNS server that answers the name from Route 53. @returns its `host:port`. */
  startNameServer(pair: string, name: HostedName, signal: AbortSignal, undo: Scope): Promise<string>;
}

/** Opens two regions of a single drill: a NATS server and a bucket each, a leaf node connection, and a name. */
export async function openRegionPair(
  label: string,
  s3: S3Place,
  means: RegionMeans,
  signal: AbortSignal,
): Promise<RegionPair> {
  const pair = uniqueLabel(label);
  await using undo = new Scope({ what: `pair of regions ${pair}`, clock: means.clock });
  const secrets = newPairSecrets();
  const storage = (region: typeof PRIMARY_REGION | typeof STANDBY_REGION) =>
    openStorage(`kgents-${pair}-${region}`, region, s3, signal, undo);
  const opening = [
    means.startServers(pair, secrets, signal, undo),
    storage(PRIMARY_REGION),
    storage(STANDBY_REGION),
  ] as const;
  // All of them settle before anything is undone, so that none continues to start afterwards.
  await Promise.allSettled(opening);
  const [{ primary, standby, line }, primaryStorage, standbyStorage] = await Promise.all(opening);
  const named = [primary, standby].map(({ means: { region, port } }) => ({ region, address: HOST, port }));
  const name = await undo.open(`name of ${pair}`, () => hostName(pair, named, s3, signal));
  const server = await means.startNameServer(pair, name, signal, undo);
  const running = undo.handOver();
  return {
    primary: regionOf(primary, primaryStorage, line, name),
    standby: regionOf(standby, standbyStorage, line, name),
    name: { service: name.service, hostedZoneId: name.hostedZoneId, server },
    credentials: secrets,
    settings: {
      ...primary.settings,
      regions: `${PRIMARY_REGION} and ${STANDBY_REGION}, a NATS server each`,
      'line between the regions': `${LINK_LATENCY_MS} ms one way, bandwidth of this machine`,
    },
    notExercised: NOT_EXERCISED,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

interface RegionStorage {
  readonly bucket: RegionBucket;
  readonly endpoint: string;
  /** Line in front of S3, without latency: its users are in the region. */
  readonly way: Line;
}

async function openStorage(
  bucketName: string,
  region: typeof PRIMARY_REGION | typeof STANDBY_REGION,
  s3: S3Place,
  signal: AbortSignal,
  undo: Scope,
): Promise<RegionStorage> {
  const bucket = await undo.open(`bucket ${bucketName}`, () => RegionBucket.make(bucketName, region, s3, signal));
  const { hostname, port: farPort } = new URL(s3.endpoint);
  return await onFreePorts(1, async ([port = 0]) => {
    const way = await undo.open(`way to bucket ${bucketName}`, () =>
      Relay.open({ port, to: { host: hostname, port: Number(farPort) } }),
    );
    return { bucket, endpoint: `http://${HOST}:${port}`, way };
  });
}

function regionOf(server: PlacedServer, storage: RegionStorage, line: Line, name: HostedName): Region {
  const { region, port } = server.means;
  const { bucket, endpoint, way } = storage;
  return {
    name: region,
    domain: region,
    url: `nats://${HOST}:${port}`,
    bucket: bucket.name,
    s3Endpoint: endpoint,
    accessFile: server.accessFile,
    serviceRecord: name.recordOf(region),
    isAlive: () => server.isAlive(),
    doesStorageAnswer: (signal) => answers(endpoint, signal),
    async whatIsStored(signal) {
      const left = [
        ...((await server.means.isStorageThere()) ? ['JetStream storage'] : []),
        ...((await bucket.isEmpty(signal)) ? [] : [`objects in ${bucket.name}`]),
      ];
      return left.length === 0 ? undefined : left.join(' and ');
    },
    async fail(stored) {
      await Promise.all([line.cut(), way.cut()]);
      const killed = await server.kill();
      const done = `every server of region ${region}: ${killed}; what was under way to the other region lost, S3 out of reach there`;
      if (stored === 'kept') return `${done}, storage and bucket kept`;
      await Promise.all([server.means.removeStorage(), bucket.empty()]);
      return `${done}, storage removed, bucket emptied of every version`;
    },
    storageComesBack: () => way.mend(),
    async comeBack(signal) {
      await Promise.all([line.mend(), way.mend()]);
      await server.startAgain(signal);
    },
  };
}

const ANSWER_BUDGET_MS = 2_000;

/** Returns true for any answer, even a refusal. */
async function answers(endpoint: string, signal: AbortSignal): Promise<boolean> {
  try {
    await httpRequest('HEAD', endpoint, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_BUDGET_MS)]));
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
