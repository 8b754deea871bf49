import { z } from 'zod';
import { parsedOptions } from '../../model/options-mistake.ts';
import type { Acceptance } from './acceptance/acceptance.ts';
import { volumeSchema } from './volumes/options.ts';

const path = z.string().regex(/^\/\S*$/, 'must be a path such as /health/ready');

/** An HTTP service in the namespace, as its users see it from outside. */
const serviceSchema = z.strictObject({
  /** A Service of type NodePort in the manifests; its first port is reachable from outside. */
  name: z.string().min(1),
  /** Answers 200 while the process lives. */
  live: path.default('/health/live'),
  /** Answers 200 while the service can do its work. */
  ready: path.default('/health/ready'),
  /** GET; its answer depends on restored configuration and Secrets and must be the same after the disaster as before. */
  reads: path,
  /** Path for writes: PUT below it stores a body that GET then returns. Omit it for a service without writes. */
  writes: path.optional(),
});
export type ServiceOptions = z.output<typeof serviceSchema>;

const isAcceptance = (value: unknown): value is Acceptance =>
  typeof value === 'object' && value !== null && 'examiner' in value && 'labelSelector' in value;

const count = z.int().min(0).max(100_000).default(0);

const optionsSchema = z.strictObject({
  /** A folder of plain YAML manifests: the objects of one namespace, and the CRDs that they need. */
  manifests: z.string().min(1).optional(),
  /** Number of additional Secrets, of several types, with binary values. */
  secrets: count,
  /** Number of additional ConfigMaps, text and binary. */
  configMaps: count,
  /** Persistent volumes with generated content, each mounted by a StatefulSet of one pod. Needs a target with pods and volumes. */
  volumes: z
    .array(volumeSchema)
    .refine((volumes) => new Set(volumes.map(({ name }) => name)).size === volumes.length, 'must have different names')
    .default([]),
  /** A service in the manifests, called from outside throughout the drill. Needs a target with pods. */
  service: serviceSchema.optional(),
  /** A user program of the restored objects that refuses invalid ones, e.g. `grafanaDashboards()`. */
  accepts: z.custom<Acceptance>(isAcceptance, 'must be an acceptance such as grafanaDashboards()').optional(),
});

/** Options in a contract on the content of the namespace. */
export type KubernetesNamespaceOptions = z.input<typeof optionsSchema>;
export type ParsedOptions = z.output<typeof optionsSchema>;

/** @throws {ExplainedError} naming the field that is wrong. */
export function parseOptions(options: unknown): ParsedOptions {
  return parsedOptions('kubernetesNamespace(…)', optionsSchema, options);
}
