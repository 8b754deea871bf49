import type { S3Client } from '@aws-sdk/client-s3';
import type { PostureContext } from '../../model/posture.ts';
import type { EnforcingStore } from '../../systems/s3/service.ts';
import type { KeyPair, StoreUsers } from '../enforced/store-users.ts';

export interface Rehearsal {
  readonly user: string;
  /** Everything that says what the user may do. */
  readonly documents: readonly unknown[];
  readonly bucket: string;
  /** Below which it backs up; ends in "/". */
  readonly prefix: string;
  /** The platform's script that rotates a key; without one, the harness makes a new key and deletes the old one. */
  readonly rotatedBy: string | undefined;
  /** The platform's backup; without one, sample objects are uploaded. */
  readonly backup: { readonly script: string; readonly environment: Readonly<Record<string, string>> } | undefined;
  /** How long the platform says that nothing may work during the rotation, in milliseconds. 0 where it says nothing. */
  readonly pauseMs: number;
}

/** What a rehearsal works with. */
export interface Means {
  readonly rehearsal: Rehearsal;
  readonly store: EnforcingStore;
  readonly users: StoreUsers;
  readonly admin: S3Client;
  /** A client that makes each request once, with that key. */
  readonly as: (credentials: KeyPair) => S3Client;
  readonly context: PostureContext;
  /** Versions of objects below the prefix that were looked at: what is not among them was written since. */
  readonly seen: Set<string>;
  /** Policies that the bucket had during the rotation. */
  readonly policiesSeen: Set<string>;
}
