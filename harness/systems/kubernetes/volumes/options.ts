import { z } from 'zod';

/** What a contract's author says about one volume. */
export const volumeSchema = z.strictObject({
  /** Of the StatefulSet whose only pod mounts it. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be a lower-case name such as uploads'),
  /** So many small files, in folders, with all kinds of names, modes and owners. */
  files: z.int().min(1).max(1_000_000).default(2_000),
  /** Size of its one large file, e.g. `64MiB`. */
  largest: z.string().default('16MiB'),
  /** What its claim asks for; enough for twice the content when left out. */
  storage: z.string().min(1).optional(),
  /** Of the claim; the cluster's default when left out. */
  storageClass: z.string().min(1).optional(),
  /** Needs sh, find, sort, stat, sha256sum and tar. */
  image: z.string().min(1).default('busybox:1.35'),
  /** Shell text that Velero runs in the pod before it reads the volume (a pre-hook), e.g. `sync`; that it ran is proved. */
  beforeBackup: z.string().min(1).optional(),
});
export type VolumeOptions = z.output<typeof volumeSchema>;

/** A volume of one drill, sizes in bytes. */
export interface VolumePlan {
  readonly name: string;
  readonly files: number;
  readonly largestBytes: number;
  readonly storage: string | undefined;
  readonly storageClass: string | undefined;
  readonly image: string;
  readonly beforeBackup: string | undefined;
}
