import type { RecoveryPoint } from './procedure.ts';
import type { Capability } from './service.ts';
import type { Target } from './target.ts';

/** Entry of a listing of a destination. */
export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Changes with the content. */
  readonly etag: string;
  readonly modifiedMs: number;
}

/** Where a program runs. It decides the addresses at which the program reaches the real systems. */
export type Standpoint = 'process' | 'pod';

/** A variable of a store, explained for an operator who restores by hand. */
export interface StoreVariable {
  readonly meaning: string;
  /** True when the store's clients read it even if no script names it. */
  readonly readByClients?: true;
  /** True for a credential, which never reaches a command line. */
  readonly isCredential?: true;
}

/** Prefix of a bucket for the backups of one drill. The harness reads it without the program that wrote the backups. */
export interface Destination extends Disposable {
  readonly prefix: string;
  /** The bucket, e.g. `s3://backups/`. A recovery point's location begins with it. */
  readonly bucketUrl: string;
  /** The bucket and the prefix. */
  readonly url: string;
  /** Returns the variables with which a program reaches it: addresses, the bucket and the prefix, without credentials. */
  variables(standpoint: Standpoint): ReadonlyMap<string, string>;
  /** Returns the credentials that a program gets as well. Empty when the store needs none. */
  credentials(): ReadonlyMap<string, string>;
  /**
   * Lists every object below the prefix, by key.
   * @param below a longer prefix, to list less.
   */
  list(signal: AbortSignal, below?: string): Promise<Map<string, ListedObject>>;
  /** Reads a small object into memory; undefined when there is none. */
  read(key: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Returns objects that were uploaded below the prefix and deleted again, as far as the store keeps a record of them. */
  deletedAgain(signal: AbortSignal): Promise<readonly { readonly key: string; readonly livedMs: number }[]>;
  /** Returns the protection of these objects, as the store reports it. */
  protection(
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<Pick<RecoveryPoint, 'encryption' | 'immutability' | 'archived'>>;
  /**
   * Returns true when at least one object has a URL that begins with this one. Asks for one object only, because the restore is being
   * timed.
   */
  holds(location: string, signal: AbortSignal): Promise<boolean>;
}

/** Access of the backup tool in a target's clusters to a store. */
export interface ClusterStore {
  /** Capabilities of a target that it needs. */
  readonly needs: readonly Capability[];
  /** Name of the storage location in that tool; its default location when left out. */
  readonly storageLocation?: string;
}

/** A store to which scripts, commands and CronJobs upload their backups. Its system makes it; a contract names it in `destination`. */
export interface BackupStore {
  /** Name in sentences, e.g. `S3`. */
  readonly name: string;
  /** Capability of a target that has this store. */
  readonly capability: Capability;
  /** Form of the URL of a recovery point, for the runbook: `s3://bucket/prefix/`. */
  readonly urlForm: string;
  /** Variables that an operator sets, by name. */
  readonly variables: Readonly<Record<string, StoreVariable>>;
  /** Variables that only a drill needs: addresses of its servers, and second names. */
  readonly onlyInDrills: readonly string[];
  /** Behaviour in which the store of a drill differs from the real one. A drill proves nothing about it. */
  readonly notEvaluated: readonly string[];
  /** Left out when no backup tool in a target's clusters writes to it. */
  readonly inCluster?: ClusterStore;
  /** @param prefix of the backups, with its `/`. @throws {ExplainedError} if the target has no such store. */
  open(target: Target, prefix: string): Promise<Destination>;
}

/** Returns the names of the variables that hold the store's credentials. */
export const credentialNames = ({ variables }: BackupStore): readonly string[] =>
  Object.entries(variables).flatMap(([name, { isCredential }]) => (isCredential === true ? [name] : []));
