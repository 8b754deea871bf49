import { z } from 'zod';

/** Options in a contract for one volume. */
export const volumeSchema = z.strictObject({
  /** Name of the StatefulSet whose only pod mounts it. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be a lower-case name such as uploads'),
  /** Number of small files, in folders, with various names, modes and owners. */
  files: z.int().min(1).max(1_000_000).default(2_000),
  /** Size of its one large file, e.g. `64MiB`. */
  largest: z.string().default('16MiB'),
  /** Requested size of its claim; the default is enough for twice the content. */
  storage: z.string().min(1).optional(),
  /** Storage class of the claim; the default is the cluster's. */
  storageClass: z.string().min(1).optional(),
  /** Image of the pod; it needs sh, find, sort, stat, sha256sum and tar. */
  image: z.string().min(1).default('busybox:1.35'),
  /** Shell text that Velero runs in the pod before it reads the volume (a pre-hook), e.g. `sync`. The drill proves that it ran. */
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
