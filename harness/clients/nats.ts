import { connect, type NatsConnection } from '@nats-io/transport-node';

const CONNECT_BUDGET_MS = 2_000;

/** Where to connect, and as whom; without a user as whoever the server takes a stranger for. */
export interface NatsAddress {
  readonly servers: string | string[];
  readonly user?: string;
  readonly pass?: string;
}

/**
 * The one way to a NATS server. It goes to the named servers alone and never reconnects: the client would keep writes in a buffer and
 * send them, unasked, to the server that replaces a lost one.
 * @throws when none of them can be reached within two seconds.
 */
export async function natsConnection(address: NatsAddress, name: string): Promise<NatsConnection> {
  return await connect({ ...address, name, reconnect: false, timeout: CONNECT_BUDGET_MS, ignoreClusterUpdates: true });
}
