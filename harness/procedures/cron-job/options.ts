import { z } from 'zod';
import { parsedOptions } from '../../model/options-mistake.ts';
import { authorEnvironment } from '../../procedure-kit/author-environment.ts';
import { destinationOption } from '../usual-store.ts';

/** Which CronJob of which manifests. */
export const cronJobOfManifests = z.strictObject({
  /** A folder of manifests (with or without a kustomization), or one file of them. */
  manifests: z.string().min(1),
  /** The CronJob's name. */
  name: z.string().min(1),
  /** Its namespace, where the manifests have several of that name. */
  namespace: z.string().min(1).optional(),
});

export type CronJobOfManifests = z.output<typeof cronJobOfManifests>;

const optionsSchema = cronJobOfManifests.extend({
  /** The executable that restores the backup that RECOVERY_POINT names; run as a process of an operator, in every target. */
  restore: z.string().min(1),
  /** Key prefix in the backup bucket; the CronJob's own `BACKUP_PREFIX` when left out. */
  prefix: z
    .string()
    .regex(/^([^/]+\/)*$/, 'a key prefix that ends in "/", such as nats/')
    .optional(),
  /** The store that the backups go to. */
  destination: destinationOption,
  /** Which container takes the backup, where the pod has several. */
  container: z.string().min(1).optional(),
  /**
   * What production keeps and the restore finds again; it sees nothing else of the pod. A path in the container (a volume that
   * survives, a key store), or a Secret, whose keys the restore finds as files in the folder `at`.
   */
  keeps: z
    .array(
      z.union([
        z.string().regex(/^(~|\/[^/])/, 'must be an absolute path, or one below ~/'),
        z.strictObject({ secret: z.string().min(1), at: z.string().regex(/^\/[^/]/, 'must be an absolute path') }),
      ]),
    )
    .default([]),
  /** What the drill's places are called here: `{ NATS_SERVER: '$(NATS_URL)' }`. Also given to the restore. */
  environment: authorEnvironment.default({}),
  /** Secrets that the cluster has from elsewhere, by name and key; null for one that is not there. `$(AWS_ACCESS_KEY_ID)` is the drill's own. */
  secrets: z.record(z.string(), authorEnvironment.nullable()).default({}),
  /** The image to run instead of the manifest's, where pods run. */
  image: z.string().min(1).optional(),
  /** A folder with the image's Dockerfile, for where pods run and the image is neither there nor to be pulled. */
  build: z.string().min(1).optional(),
});

export type CronJobOptions = z.input<typeof optionsSchema>;
export type CronJobSettings = z.output<typeof optionsSchema>;

/** @throws {ExplainedError} that names the field when an option is missing, misspelt or malformed. */
export function parseCronJobOptions(options: unknown): CronJobSettings {
  return parsedOptions('cronJob(…)', optionsSchema, options);
}
