import type { Secrets } from '../../model/secrets.ts';
import { type LosablePlace, type OwnPlaceRequest, service } from '../../model/service.ts';
import type { RegionPair } from './regions.ts';

/** A NATS server with JetStream. */
export interface NatsPlace extends AsyncDisposable {
  readonly url: string;
  /** The same server for pods of this target's clusters; left out where there are none. */
  readonly urlFromPods?: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** A server, or a whole cluster, of one drill's own. */
export interface LosableNats extends NatsPlace, LosablePlace {}

/** So many servers that replicate. Its `url` names all of them, with commas. */
export interface NatsClusterPlace extends LosableNats {
  /** The one that may be lost by itself. */
  readonly node: NatsNode;
}

/** Settings of a server of a drill's own; one that replaces it has the same. */
export interface NatsServerSettings {
  readonly maxPayloadBytes: number;
  /** Encrypts what it stores, with a key that belongs to the drill. */
  readonly encryption?: 'aes' | 'chachapoly' | undefined;
}

/** One server of a NATS cluster, which may be lost while the others go on. */
export interface NatsNode {
  readonly name: string;
  isAlive(): Promise<boolean>;
  /** New with every start of the server. */
  serverId(signal: AbortSignal): Promise<string>;
  /** Kills its process and removes its storage. Says exactly what was done. */
  lose(): Promise<string>;
  /**
   * After `lose`: waits until the nodes that are left lead the cluster and every stream and consumer in it, and are current. Where they do
   * not get there, more was lost than this node, and an empty one in its place brings nothing back.
   * @throws {WaitTimeoutError} with what is not led, or behind.
   */
  succeeded(signal: AbortSignal): Promise<void>;
  /** After `succeeded`: an empty server of the same name and addresses, which the others let in again. */
  replace(signal: AbortSignal): Promise<void>;
}

export interface OwnNatsRequest extends OwnPlaceRequest {
  readonly settings?: NatsServerSettings | undefined;
}

export interface NatsClusterRequest extends OwnNatsRequest {
  /** How many servers. */
  readonly nodes: number;
}

/** The target's server, which every drill may use and none may lose. */
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

/** Two regions of one drill's own. */
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
