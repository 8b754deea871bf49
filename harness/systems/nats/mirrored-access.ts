import { Resolver } from 'node:dns/promises';
import type { NatsAddress } from '../../clients/nats.ts';
import type { Clock } from '../../clock/clock.ts';
import type { AssetProbe, MarkerLane, ObservedMarker } from '../../model/asset.ts';
import type { Connection } from './connection.ts';
import { lanesOf, type OnAcknowledged } from './lanes.ts';
import type { Place } from './names.ts';
import type { JetStreamProbe } from './probe.ts';
import type { Region, RegionalName, RegionPair } from './regions.ts';

/** Returns the variables for the platform's failover scripts: both regions, the name, and credentials. */
export function variablesOfRegions({ primary, standby, name, credentials }: RegionPair): Record<string, string> {
  return {
    ...variablesOf('PRIMARY', primary),
    ...variablesOf('STANDBY', standby),
    SERVICE_NAME: name.service,
    HOSTED_ZONE_ID: name.hostedZoneId,
    DNS_SERVER: name.server,
    OPERATOR_USER: credentials.operatorUser,
    OPERATOR_PASSWORD: credentials.operatorPassword,
    SYSTEM_USER: credentials.systemUser,
    SYSTEM_PASSWORD: credentials.systemPassword,
  };
}

const variablesOf = (role: 'PRIMARY' | 'STANDBY', region: Region): Record<string, string> => ({
  [`${role}_REGION`]: region.name,
  [`${role}_DOMAIN`]: region.domain,
  [`${role}_NATS_URL`]: region.url,
  [`${role}_BUCKET`]: region.bucket,
  [`${role}_S3_ENDPOINT`]: region.s3Endpoint,
  [`${role}_ACCESS_FILE`]: region.accessFile,
  [`${role}_RECORD`]: region.serviceRecord,
});

const meaningsOf = (role: 'PRIMARY' | 'STANDBY', which: string): Record<string, string> => ({
  [`${role}_REGION`]: `the AWS region ${which}`,
  [`${role}_DOMAIN`]: `the JetStream domain of the NATS servers ${which}`,
  [`${role}_NATS_URL`]: `the address of the NATS servers ${which}, not the name that users use`,
  [`${role}_BUCKET`]: `the bucket of the region ${which}, which says who is in charge`,
  [`${role}_S3_ENDPOINT`]: `where the region ${which} answers for S3; leave it unset for AWS’s own`,
  [`${role}_ACCESS_FILE`]: `the file of users' permissions that the NATS servers ${which} include`,
  [`${role}_RECORD`]: `the SRV record that leads users to the region ${which}`,
});

/** Meanings of those variables for operators. */
export const meaningsOfRegions: Readonly<Record<string, string>> = {
  STREAMS: 'the mirrored streams, separated by spaces',
  ...meaningsOf('PRIMARY', 'that is in charge at first'),
  ...meaningsOf('STANDBY', 'that mirrors it'),
  SERVICE_NAME: 'the DNS name of the service, e.g. `_nats._tcp.shop.example`',
  HOSTED_ZONE_ID: 'the Route 53 hosted zone of that name',
  DNS_SERVER: 'a DNS server that answers it, as `address:port`',
  OPERATOR_USER: 'the NATS user that may do everything in the account',
  OPERATOR_PASSWORD: 'its password',
  SYSTEM_USER: 'the NATS user of the system account, which may reload a server',
  SYSTEM_PASSWORD: 'its password',
};

/** Returns lanes that write by the name, like users, and read in the region in charge. */
export function lanesByName(
  places: readonly Place[],
  byName: Connection,
  inCharge: () => Connection,
  clock: Clock,
  onAcknowledged: OnAcknowledged,
): MarkerLane[] {
  return places.flatMap((place) =>
    lanesOf([place], byName, clock, onAcknowledged).map(
      (lane): MarkerLane => ({
        name: lane.name,
        write: (sequence, body, signal) => droppingOnFailure(byName, () => lane.write(sequence, body, signal)),
        async *read(signal: AbortSignal): AsyncGenerator<ObservedMarker> {
          for (const reading of lanesOf([place], inCharge(), clock)) yield* reading.read(signal);
        },
      }),
    ),
  );
}

/** Returns a probe that resolves the name again after every failed attempt. */
export function probeByName(probe: JetStreamProbe, byName: Connection): AssetProbe {
  return {
    reads: `${probe.reads}, by the name`,
    writes: `${probe.writes}, by the name`,
    read: (signal) => droppingOnFailure(byName, () => probe.read(signal)),
    write: (signal) => droppingOnFailure(byName, () => probe.write(signal)),
  };
}

/** Drops the connection after a failure, so that the next attempt resolves the name again: the service may have moved. */
async function droppingOnFailure<T>(byName: Connection, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await byName.drop();
    throw error;
  }
}

const LOOKUP_BUDGET_MS = 1_500;

/** Resolves the name at its DNS server, without a cache: the SRV record, then the address of its target. */
export async function resolveService({ service, server }: RegionalName): Promise<NatsAddress> {
  const resolver = new Resolver({ timeout: LOOKUP_BUDGET_MS, tries: 1 });
  resolver.setServers([server]);
  try {
    const [record] = await resolver.resolveSrv(service);
    if (record === undefined) throw new Error('it has no SRV record');
    const [address] = await resolver.resolve4(record.name);
    if (address === undefined) throw new Error(`${record.name} has no address`);
    return { servers: `nats://${address}:${record.port}` };
  } catch (error) {
    throw new Error(`the name ${service} does not lead to a server`, { cause: error });
  }
}

/** Returns the current SRV record of the name, in the form of {@link RegionalName}'s records. */
export async function recordOf({ service, server }: RegionalName): Promise<string> {
  const resolver = new Resolver({ timeout: LOOKUP_BUDGET_MS, tries: 1 });
  resolver.setServers([server]);
  const records = await resolver.resolveSrv(service);
  return records.map(({ priority, weight, port, name }) => `${priority} ${weight} ${port} ${name}.`).join(', ');
}
