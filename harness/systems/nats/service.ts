import type { Secrets } from '../../model/secrets.ts';
import { type LosablePlace, type OwnPlaceRequest, service } from '../../model/service.ts';
import type { RegionPair } from './regions.ts';

/** A NATS server with JetStream. */
export interface NatsPlace extends AsyncDisposable {
  readonly url: string;
  /** Address of the same server for pods of this target's clusters; missing without clusters. */
  readonly urlFromPods?: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** A server, or a whole cluster, of one drill. */
export interface LosableNats extends NatsPlace, LosablePlace {}

/** A cluster of replicating servers. Its `url` lists all of them, separated by commas. */
export interface NatsClusterPlace extends LosableNats {
  /** The node that may be lost alone. */
  readonly node: NatsNode;
}

/** Settings of a server of one drill; a replacement has the same. */
export interface NatsServerSettings {
  readonly maxPayloadBytes: number;
  /** Encrypts stored data with a key of the drill. */
  readonly encryption?: 'aes' | 'chachapoly' | undefined;
}

/** One server of a NATS cluster, which may be lost while the others continue. */
export interface NatsNode {
  readonly name: string;
  isAlive(): Promise<boolean>;
  /** Returns the server's id, which is new with every start. */
  serverId(signal: AbortSignal): Promise<string>;
  /** Kills its process and removes its storage. Returns exactly what was done. */
  lose(): Promise<string>;
  /**
   * After `lose`: waits until the remaining nodes lead the cluster and all its streams and consumers, and are current. If they fail to,
   * more was lost than this node, and an empty replacement cannot bring it back.
   * @throws {WaitTimeoutError} with the parts that have no leader or lag.
   */
  succeeded(signal: AbortSignal): Promise<void>;
  /** After `succeeded`: starts an empty server with the same name and addresses, which rejoins the cluster. */
  replace(signal: AbortSignal): Promise<void>;
}

export interface OwnNatsRequest extends OwnPlaceRequest {
  readonly settings?: NatsServerSettings | undefined;
}

export interface NatsClusterRequest extends OwnNatsRequest {
  /** Number of servers. */
  readonly nodes: number;
}

/** The target's server, which every drill may use and no drill may lose. */
export const sharedNats = service<NatsPlace>({ name: 'nats', capability: 'nats', tellCredentials });

export const ownNats = service<LosableNats, OwnNatsRequest>({
  name: 'nats-server',
  capability: 'nats',
  tellCredentials,
});

export const ownNatsCluster = service<NatsClusterPlace, NatsClusterRequest>({
  name: 'nats-cluster',
  capability: 'nats-cluster',
  tellCredentials,
});

/** Two regions of one drill. */
export const regionPair = service<RegionPair, OwnPlaceRequest>({
  name: 'regions',
  capability: 'regions',
  tellCredentials: (pair, secrets) => {
    for (const { url } of [pair.primary, pair.standby]) tellUrls(url, secrets);
    secrets.add(pair.credentials.operatorPassword, 'password of the NATS operator of a pair of regions');
    secrets.add(pair.credentials.systemPassword, 'password of the NATS system account of a pair of regions');
    return pair;
  },
});

function tellCredentials<Place extends NatsPlace>(place: Place, secrets: Secrets): Place {
  tellUrls(place.url, secrets);
  return place;
}

function tellUrls(urls: string, secrets: Secrets): void {
  for (const url of urls.split(',')) secrets.addCredentialsOf(url, 'URL of a NATS server');
}
