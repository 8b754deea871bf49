import { Resolver } from 'node:dns/promises';
import type { NatsAddress } from '../../clients/nats.ts';
import type { RegionalName } from './regions.ts';

const LOOKUP_BUDGET_MS = 1_500;

/** Where the name leads now, asked of its DNS server anew each time: the SRV record, then the address of its target. */
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

/** What the SRV record of the name says now, in the form of {@link RegionalName}'s records. */
export async function recordOf({ service, server }: RegionalName): Promise<string> {
  const resolver = new Resolver({ timeout: LOOKUP_BUDGET_MS, tries: 1 });
  resolver.setServers([server]);
  const records = await resolver.resolveSrv(service);
  return records.map(({ priority, weight, port, name }) => `${priority} ${weight} ${port} ${name}.`).join(', ');
}
