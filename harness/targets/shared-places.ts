import { z } from 'zod';
import type { Capability } from '../model/service.ts';

const settings = z.record(z.string(), z.string());

/**
 * Data of each shared part once it has started, by its capability, as plain JSON. The S3 credentials are made up for the session and open
 * nothing else; the Kubernetes credentials stay in the kubeconfig file.
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
    /** Name of the kind cluster; left out for an API without nodes. */
    node: z
      .object({
        name: z.string(),
        dir: z.string(),
        ports: z.array(z.object({ nodePort: z.number(), port: z.number() })),
      })
      .exactOptional(),
  }),
  /** Velero's additions to the settings of the cluster. */
  velero: z.object({ settings }),
  /** Second place of Velero's backups, and the plugin through which it writes there. */
  'velero-gcs': z.object({
    store: z.object({ endpoint: z.url(), projectId: z.string(), backupBucket: z.string() }),
    plugin: z.string(),
  }),
  /** Program that serves stores which enforce credentials and policies. */
  'enforced-access': z.object({ program: z.string(), version: z.string(), source: z.string() }),
};

/** The requested parts. */
export const sharedPlacesSchema = z.object(partSchemas).partial();

/** A capability for which a target starts a shared part. */
export type SharedPart = keyof typeof partSchemas;

export const isSharedPart = (capability: Capability): capability is SharedPart =>
  Object.hasOwn(partSchemas, capability);

export type SharedPlaces = { readonly [Part in SharedPart]: z.infer<(typeof partSchemas)[Part]> };
