/** Whether a region's stored streams and objects still exist when it comes back. */
export type StoredData = 'kept' | 'destroyed';

/**
 * One of two regions: a NATS server with its own JetStream domain, and a bucket in its own AWS region. The addresses
 * are those of the region itself; users connect by the {@link RegionalName}.
 */
export interface Region {
  /** The AWS region, e.g. `us-west-2`. */
  readonly name: string;
  /** The JetStream domain: `$JS.<domain>.API` is its API as seen from the other region. */
  readonly domain: string;
  readonly url: string;
  readonly bucket: string;
  /**
   * A file that the server reads at its start and at each reload of its configuration. It states the subjects that users may publish and
   * subscribe to, as `permissions { … }` of nats-server's configuration language.
   */
  readonly accessFile: string;
  /** The SRV record of the service name while this region is in charge, e.g. `0 0 4222 us-west-2.shop.example.`. */
  readonly serviceRecord: string;
  /** The region's own S3 endpoint: it answers only while the region exists. */
  readonly s3Endpoint: string;
  /** True while its servers run. */
  isAlive(): Promise<boolean>;
  /** Returns whether its own S3 endpoint answers. */
  doesStorageAnswer(signal: AbortSignal): Promise<boolean>;
  /** Returns the remaining stored data of the region, read without its own endpoints; undefined if there is none. */
  whatIsStored(signal: AbortSignal): Promise<string | undefined>;
  /**
   * Takes the servers and S3 of the region down at once, and keeps or destroys its data as `stored` says. Returns exactly what was done.
   */
  fail(stored: StoredData): Promise<string>;
  /** After `fail`: starts only S3 again. Steps that precede the start of the servers run now. */
  storageComesBack(): Promise<void>;
  /** After `fail`: starts S3 and the servers again, with the remaining stored data. */
  comeBack(signal: AbortSignal): Promise<void>;
}

/** A name in a Route 53 hosted zone, served by its own DNS server. Users connect by it. */
export interface RegionalName {
  /** The SRV name, e.g. `_nats._tcp.shop.example`. */
  readonly service: string;
  readonly hostedZoneId: string;
  /** `host:port` of the DNS server. */
  readonly server: string;
}

/** Credentials of one pair, valid only for it. Never logged, never recorded. */
export interface RegionCredentials {
  /** Has all permissions in the account, regardless of the access file. */
  readonly operatorUser: string;
  readonly operatorPassword: string;
  /** User of the system account: may reload a server's configuration. */
  readonly systemUser: string;
  readonly systemPassword: string;
}

/** Two regions, joined by a leaf node connection that carries the JetStream API and mirrors, but no user messages. */
export interface RegionPair extends AsyncDisposable {
  /** The region that is in charge at first. */
  readonly primary: Region;
  readonly standby: Region;
  readonly name: RegionalName;
  readonly credentials: RegionCredentials;
  readonly settings: Readonly<Record<string, string>>;
  /** Features of a second region that this pair lacks, for the record. */
  readonly notExercised: readonly string[];
}
