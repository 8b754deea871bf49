import { z } from 'zod';
import type { Capability } from '../model/service.ts';

const settings = z.record(z.string(), z.string());

/**
 * What is known of each shared part once it has started, by its capability, as plain JSON. The S3 credentials are made up for the session
 * and open nothing else; the credentials of Kubernetes stay in the kubeconfig file.
 */
const partSchemas = {
  s3: z.object({
    endpoint: z.url(),
    endpointFromPods: z.url().exactOptional(),
    region: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    backupBucket: z.string(),
  }),
  nats: z.object({ url: z.string(), urlFromPods: z.string().exactOptional(), settings }),
  kubernetes: z.object({
    kubeconfigPath: z.string(),
    veleroNamespace: z.string(),
    backupPrefix: z.string(),
    settings,
    /** The kind cluster that it is; left out for an API without nodes. */
    node: z
      .object({
        name: z.string(),
        dir: z.string(),
        ports: z.array(z.object({ nodePort: z.number(), port: z.number() })),
      })
      .exactOptional(),
  }),
  /** What it adds to the settings of the cluster. */
  velero: z.object({ settings }),
  /** Where the second place of Velero's backups is, and the plugin by which it writes there. */
  'velero-gcs': z.object({
    store: z.object({ endpoint: z.url(), projectId: z.string(), backupBucket: z.string() }),
    plugin: z.string(),
  }),
  /** The program that serves stores which enforce credentials and policies. */
  'enforced-access': z.object({ program: z.string(), version: z.string(), source: z.string() }),
};

/** The parts of which somebody asked for. */
export const sharedPlacesSchema = z.object(partSchemas).partial();

/** A capability of which a target starts a part that everybody shares. */
export type SharedPart = keyof typeof partSchemas;

export const isSharedPart = (capability: Capability): capability is SharedPart =>
  Object.hasOwn(partSchemas, capability);

export type SharedPlaces = { readonly [Part in SharedPart]: z.infer<(typeof partSchemas)[Part]> };
