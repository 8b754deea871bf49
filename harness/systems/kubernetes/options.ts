import { z } from 'zod';
import { optionsMistake } from '../../model/options-mistake.ts';
import type { Acceptance } from './acceptance/acceptance.ts';
import { serviceSchema } from './service-options.ts';
import { volumeSchema } from './volumes/options.ts';

const isAcceptance = (value: unknown): value is Acceptance =>
  typeof value === 'object' && value !== null && 'examiner' in value && 'labelSelector' in value;

const count = z.int().min(0).max(100_000).default(0);

const optionsSchema = z.strictObject({
  /** A folder of plain YAML manifests: the objects of one namespace, and the CRDs that they need. */
  manifests: z.string().min(1).optional(),
  /** So many more Secrets, of several types, with binary values. */
  secrets: count,
  /** So many more ConfigMaps, text and binary. */
  configMaps: count,
  /** Persistent volumes with generated content, each mounted by a StatefulSet of one pod. Needs a target with pods and volumes. */
  volumes: z
    .array(volumeSchema)
    .refine((volumes) => new Set(volumes.map(({ name }) => name)).size === volumes.length, 'must have different names')
    .default([]),
  /** A service that the manifests run, asked from outside all through the drill. Needs a target with pods. */
  service: serviceSchema.optional(),
  /** Who uses the restored objects and would refuse what is not valid to him, e.g. `grafanaDashboards()`. */
  accepts: z.custom<Acceptance>(isAcceptance, 'must be somebody such as grafanaDashboards()').optional(),
});

/** What a contract's author says about the content of the namespace. */
export type KubernetesNamespaceOptions = z.input<typeof optionsSchema>;
export type ParsedOptions = z.output<typeof optionsSchema>;

/** @throws {ExplainedError} naming the field that is wrong. */
export function parseOptions(options: unknown): ParsedOptions {
  const result = optionsSchema.safeParse(options);
  if (result.success) return result.data;
  throw optionsMistake({ thing: 'kubernetesNamespace(…)', schema: optionsSchema, options, error: result.error });
}
