import { z } from 'zod';

const path = z.string().regex(/^\/\S*$/, 'must be a path such as /health/ready');

/** An HTTP service in the namespace, as its users see it from outside. */
export const serviceSchema = z.strictObject({
  /** A Service of type NodePort among the manifests; its first port is reached from outside. */
  name: z.string().min(1),
  /** Answers 200 while the process lives. */
  live: path.default('/health/live'),
  /** Answers 200 while the service can do its work. */
  ready: path.default('/health/ready'),
  /** GET; its answer depends on restored configuration and Secrets and must be the same after the disaster as before. */
  reads: path,
  /** PUT below it takes a body that GET then gives back; left out for a service that takes no writes. */
  writes: path.optional(),
});
export type ServiceOptions = z.output<typeof serviceSchema>;
