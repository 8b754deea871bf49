import { randomBytes } from 'node:crypto';
import type { RegionCredentials } from '../systems/nats/regions.ts';
import { jetstreamLimits } from './nats-monitor.ts';

/** The AWS regions of a pair; each one is also the name of its JetStream domain. */
export const PRIMARY_REGION = 'us-west-2' as const;
export const STANDBY_REGION = 'us-east-2' as const;

const ACCOUNT = 'APP';
const REPLICATOR = 'replicator';
const OPERATOR = 'operator';
const SYSTEM = 'system';

/**
 * Subjects that cross between the regions: the JetStream API with its answers (`$JSC.R`), and the deliveries to a mirror (`$JS.M`). Without
 * this list a user's message would also cross, and the streams of both regions would store it.
 */
const REPLICATED = ['$JS.>', '$JSC.>', '_INBOX.>'];

export interface PairSecrets extends RegionCredentials {
  readonly replicatorPassword: string;
}

export function newPairSecrets(): PairSecrets {
  const password = () => randomBytes(16).toString('hex');
  return {
    operatorUser: OPERATOR,
    operatorPassword: password(),
    systemUser: SYSTEM,
    systemPassword: password(),
    replicatorPassword: password(),
  };
}

/** Permissions of users in an open region, and at first in both: a mirror accepts no user's write anyway. */
export const OPEN_ACCESS = 'permissions { publish: ">", subscribe: ">" }\n';

export interface RegionServer {
  readonly serverName: string;
  readonly domain: string;
  readonly listen: string;
  readonly http: string;
  readonly storeDir: string;
  /** Relative to the configuration file. */
  readonly accessFile: string;
  /** The standby listens for the leaf node connection; the primary connects. */
  readonly leaf: { readonly listen: string } | { readonly connect: string };
}

/** Returns the configuration of a region's nats-server in its own language: JSON has no `include`. */
export function regionConfiguration(server: RegionServer, secrets: PairSecrets): string {
  const text = (value: unknown) => JSON.stringify(value);
  const permissions = { publish: { allow: REPLICATED }, subscribe: { allow: REPLICATED } };
  const leaf =
    'listen' in server.leaf
      ? { listen: server.leaf.listen }
      : {
          // Seconds between two attempts.
          reconnect: 1,
          remotes: [
            { url: `nats-leaf://${REPLICATOR}:${secrets.replicatorPassword}@${server.leaf.connect}`, account: ACCOUNT },
          ],
        };
  return `server_name: ${text(server.serverName)}
listen: ${text(server.listen)}
http: ${text(server.http)}
jetstream: ${text({ store_dir: server.storeDir, domain: server.domain, ...jetstreamLimits })}
accounts {
  ${ACCOUNT} {
    jetstream: enabled
    users: [
      { user: user, password: user, include ${text(server.accessFile)} }
      ${text({ user: OPERATOR, password: secrets.operatorPassword })}
      ${text({ user: REPLICATOR, password: secrets.replicatorPassword, permissions })}
    ]
  }
  SYS { users: [ ${text({ user: SYSTEM, password: secrets.systemPassword })} ] }
}
system_account: SYS
no_auth_user: user
leafnodes: ${text(leaf)}
`;
}
