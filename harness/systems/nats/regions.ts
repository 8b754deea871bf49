/** Whether what a region had stored, streams and objects, is there when it comes back. */
export type StoredData = 'kept' | 'destroyed';

/**
 * One of two regions: a NATS server with a JetStream domain of its own, and a bucket in its own AWS region. The addresses
 * lead straight to it; users go by the {@link RegionalName}.
 */
export interface Region {
  /** The AWS region, e.g. `us-west-2`. */
  readonly name: string;
  /** The JetStream domain: `$JS.<domain>.API` is its API as seen from the other region. */
  readonly domain: string;
  readonly url: string;
  readonly bucket: string;
  /**
   * A file that the server reads at its start and whenever its configuration is reloaded: what users may publish and
   * subscribe to, as `permissions { … }` of nats-server's configuration language.
   */
  readonly accessFile: string;
  /** What the service name's SRV record says while this region is in charge, e.g. `0 0 4222 us-west-2.shop.example.`. */
  readonly serviceRecord: string;
  /** The region's own way to S3: it answers only while the region is there. */
  readonly s3Endpoint: string;
  /** True while its servers run. */
  isAlive(): Promise<boolean>;
  /** True while anything answers at its own way to S3. */
  doesStorageAnswer(signal: AbortSignal): Promise<boolean>;
  /** What is left of what the region stores, seen past its own ways; undefined when that is nothing. */
  whatIsStored(signal: AbortSignal): Promise<string | undefined>;
  /** The region is gone from one moment to the next, servers and S3, and what it had stored as it says. Says exactly what was done. */
  fail(stored: StoredData): Promise<string>;
  /** After `fail`: S3 answers there again, and nothing else yet. What runs before its servers start runs now. */
  storageComesBack(): Promise<void>;
  /** After `fail`: S3 and its servers are there again, with what is left of what it had stored. */
  comeBack(signal: AbortSignal): Promise<void>;
}

/** A name in a Route 53 hosted zone, answered by a DNS server of its own: where users go. */
export interface RegionalName {
  /** The SRV name, e.g. `_nats._tcp.shop.example`. */
  readonly service: string;
  readonly hostedZoneId: string;
  /** `host:port` of the DNS server. */
  readonly server: string;
}

/** Credentials of one pair; they open nothing else. Never logged, never recorded. */
export interface RegionCredentials {
  /** May do everything in the account, whatever the access file says. */
  readonly operatorUser: string;
  readonly operatorPassword: string;
  /** Of the system account: may reload a server's configuration. */
  readonly systemUser: string;
  readonly systemPassword: string;
}

/** Two regions, joined by a leaf node connection that carries the JetStream API and mirrors, and no user's message. */
export interface RegionPair extends AsyncDisposable {
  /** In charge at first. */
  readonly primary: Region;
  readonly standby: Region;
  readonly name: RegionalName;
  readonly credentials: RegionCredentials;
  readonly settings: Readonly<Record<string, string>>;
  /** What of a second region this pair does not have, for the record. */
  readonly notExercised: readonly string[];
}
