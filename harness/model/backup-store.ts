import type { RecoveryPoint } from './procedure.ts';
import type { Capability } from './service.ts';
import type { Target } from './target.ts';

/** An object at a destination, as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Changes with the content. */
  readonly etag: string;
  readonly modifiedMs: number;
}

/** Where a program runs decides at which addresses it finds the real systems. */
export type Standpoint = 'process' | 'pod';

/** What a variable of a store means to the operator who restores by hand. */
export interface StoreVariable {
  readonly meaning: string;
  /** The store's clients read it, whether a script names it or not. */
  readonly readByClients?: true;
  /** Holds a credential: it never reaches a command line. */
  readonly isCredential?: true;
}

/** The prefix of a bucket where the backups of one drill are left, seen without the help of the program that left them. */
export interface Destination extends Disposable {
  readonly prefix: string;
  /** The bucket, e.g. `s3://backups/`. A recovery point's location begins with it. */
  readonly bucketUrl: string;
  /** The bucket and the prefix. */
  readonly url: string;
  /** What a program needs to reach it: addresses, the bucket and the prefix, without credentials. */
  variables(standpoint: Standpoint): ReadonlyMap<string, string>;
  /** The credentials that a program is given besides. Empty where the store asks for none. */
  credentials(): ReadonlyMap<string, string>;
  /**
   * Every object below the prefix, by key.
   * @param below a longer prefix, to see less of it.
   */
  list(signal: AbortSignal, below?: string): Promise<Map<string, ListedObject>>;
  /** The bytes of a small object, in memory; undefined when there is none. */
  read(key: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Objects that were uploaded below the prefix and deleted again, as far as the store remembers them. */
  deletedAgain(signal: AbortSignal): Promise<readonly { readonly key: string; readonly livedMs: number }[]>;
  /** What protects these objects, as the store reports it. */
  protection(
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<Pick<RecoveryPoint, 'encryption' | 'immutability' | 'archived'>>;
  /** Whether an object is left whose URL begins with this one. Asks for one object only, because the restore is being timed. */
  holds(location: string, signal: AbortSignal): Promise<boolean>;
}

/** How the backup tool in a target's clusters writes to a store. */
export interface ClusterStore {
  /** What a contract needs of a target for it. */
  readonly needs: readonly Capability[];
  /** The storage location by which that tool knows it; its default one when left out. */
  readonly storageLocation?: string;
}

/**
 * A store to which scripts, commands and CronJobs upload their backups. The system that it belongs to makes it; a contract names it in
 * `destination`.
 */
export interface BackupStore {
  /** As sentences name it, e.g. `S3`. */
  readonly name: string;
  /** What a contract needs of a target so that it has this store. */
  readonly capability: Capability;
  /** How the URL of a recovery point looks, for the runbook: `s3://bucket/prefix/`. */
  readonly urlForm: string;
  /** The variables that an operator sets, by name. */
  readonly variables: Readonly<Record<string, StoreVariable>>;
  /** Variables that only a drill needs: addresses of its servers, and second names. */
  readonly onlyInDrills: readonly string[];
  /** What the store of a drill does otherwise than the real one, so that a drill proves nothing about it. */
  readonly notEvaluated: readonly string[];
  /** Left out where the backup tool of no target's clusters writes to it. */
  readonly inCluster?: ClusterStore;
  /** @param prefix of the backups, with its `/`. @throws {ExplainedError} where the target has no such store. */
  open(target: Target, prefix: string): Promise<Destination>;
}

/** Names of the variables that hold the store's credentials. */
export const credentialNames = ({ variables }: BackupStore): readonly string[] =>
  Object.entries(variables).flatMap(([name, { isCredential }]) => (isCredential === true ? [name] : []));
