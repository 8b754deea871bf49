import { Resolver } from 'node:dns/promises';
import {
  type Change,
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  DeleteHostedZoneCommand,
  ListResourceRecordSetsCommand,
  type Route53Client,
} from '@aws-sdk/client-route-53';
import { z } from 'zod';
import { route53Client } from '../clients/route53.ts';
import type { S3Place } from '../systems/s3/service.ts';
import { arrived, notYet, type Wait } from '../wait/wait.ts';

const TTL_SECONDS = 1;
const READY_BUDGET_MS = 30_000;

export interface NamedRegion {
  readonly region: string;
  /** IPv4 address and port of its server for users. */
  readonly address: string;
  readonly port: number;
}

/** A hosted zone of a single pair, whose SRV record of the service points at the first region. */
export interface HostedName extends AsyncDisposable {
  readonly zone: string;
  readonly service: string;
  readonly hostedZoneId: string;
  recordOf(region: string): string;
}

const created = z.object({ HostedZone: z.object({ Id: z.string() }) });

/** Creates the zone with an address record for each region, and the service record that names the active region. */
export async function hostName(
  label: string,
  regions: readonly NamedRegion[],
  place: S3Place,
  signal: AbortSignal,
): Promise<HostedName> {
  const client = route53Client(place);
  const zone = `${label}.regions.test`;
  const service = `_nats._tcp.${zone}`;
  const recordOf = (region: string) => {
    const port = regions.find((each) => each.region === region)?.port ?? 0;
    return `0 0 ${port} ${region}.${zone}.`;
  };
  const answer = await client.send(new CreateHostedZoneCommand({ Name: zone, CallerReference: label }), {
    abortSignal: signal,
  });
  const hostedZoneId = created.parse(answer).HostedZone.Id.replace('/hostedzone/', '');
  const upsert = (Name: string, Type: 'SOA' | 'A' | 'SRV', Value: string): Change => ({
    Action: 'UPSERT',
    ResourceRecordSet: { Name, Type, TTL: TTL_SECONDS, ResourceRecords: [{ Value }] },
  });
  const Changes = [
    // LocalStack 4.13.1 writes the zone's own SOA as the text of a dictionary, and CoreDNS refuses a zone with such a record.
    upsert(zone, 'SOA', `ns.${zone}. hostmaster.${zone}. 1 7200 900 1209600 1`),
    ...regions.map(({ region, address }) => upsert(`${region}.${zone}`, 'A', address)),
    upsert(service, 'SRV', recordOf(regions[0]?.region ?? '')),
  ];
  await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: hostedZoneId, ChangeBatch: { Changes } }), {
    abortSignal: signal,
  });
  return {
    zone,
    service,
    hostedZoneId,
    recordOf,
    [Symbol.asyncDispose]: async () => {
      try {
        await removeZone(client, hostedZoneId);
      } finally {
        client.destroy();
      }
    },
  };
}

/** Removes the zone. Route 53 deletes it only when it contains nothing but its own NS and SOA records. */
async function removeZone(client: Route53Client, HostedZoneId: string): Promise<void> {
  const { ResourceRecordSets = [] } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId }));
  const Changes = ResourceRecordSets.filter(({ Type }) => Type !== 'NS' && Type !== 'SOA').map(
    (ResourceRecordSet): Change => ({ Action: 'DELETE', ResourceRecordSet }),
  );
  if (Changes.length > 0) {
    await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch: { Changes } }));
  }
  await client.send(new DeleteHostedZoneCommand({ Id: HostedZoneId }));
}

/** Returns CoreDNS's configuration: it serves that zone alone, read from Route 53 every second. */
export function corefile(zone: string, hostedZoneId: string, listen: { readonly host: string; readonly port: number }) {
  return `${zone}.:${listen.port} {
  bind ${listen.host}
  route53 ${zone}.:${hostedZoneId} {
    refresh 1s
  }
  errors
}
`;
}

/**
 * Returns the environment of the DNS server. It contains the endpoint, because the plugin's own `aws_endpoint` takes the closing brace of
 * its block for the address (CoreDNS 1.14.7, plugin/route53/setup.go: it reads the value after the parser has moved on).
 */
export const dnsEnvironment = (place: S3Place, endpoint: string): Record<string, string> => ({
  AWS_ENDPOINT_URL_ROUTE_53: endpoint,
  AWS_REGION: place.region,
  AWS_ACCESS_KEY_ID: place.accessKeyId,
  AWS_SECRET_ACCESS_KEY: place.secretAccessKey,
});

/** Waits until the DNS server answers the service's name with that record. */
export function nameAnswers(server: string, service: string, record: string): Wait<void> {
  return {
    for: `the DNS server ${server} to answer ${service}`,
    budgetMs: READY_BUDGET_MS,
    look: async () => {
      const resolver = new Resolver({ timeout: 1_000, tries: 1 });
      resolver.setServers([server]);
      const answers = await resolver.resolveSrv(service);
      const found = answers.map(({ priority, weight, port, name }) => `${priority} ${weight} ${port} ${name}.`);
      return found.includes(record) ? arrived(undefined) : notYet(`it answers ${found.join(', ') || 'nothing'}`);
    },
  };
}
