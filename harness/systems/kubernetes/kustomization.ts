import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { platformPath } from '../../process/platform-folder.ts';
import type { ManifestObject } from './objects.ts';

/**
 * What of a kustomization is understood: ConfigMaps made from files, with plain names. Its resources are the other manifests of
 * the folder, which are read anyway; anything that would change them is refused rather than left out.
 */
const kustomization = z
  .strictObject({
    apiVersion: z.string(),
    kind: z.literal('Kustomization'),
    /** Understood and left aside: a drill gives the objects a namespace of its own. */
    namespace: z.string().optional(),
    resources: z.array(z.string()).default([]),
    generatorOptions: z
      .strictObject({ disableNameSuffixHash: z.literal(true), labels: z.record(z.string(), z.string()).optional() })
      .optional(),
    configMapGenerator: z
      .array(z.strictObject({ name: z.string().min(1), files: z.array(z.string().min(1)).min(1) }))
      .default([]),
  })
  .refine(
    ({ configMapGenerator, generatorOptions }) => configMapGenerator.length === 0 || generatorOptions !== undefined,
    'generatorOptions must disable the hash in the names of what it makes',
  );

export function isKustomization(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'kind' in document && document.kind === 'Kustomization';
}

/**
 * The ConfigMaps that a kustomization makes.
 * @throws a ZodError for what is not understood; an error for a file that cannot be read.
 */
export function generatedBy(document: unknown, folder: string): ManifestObject[] {
  const { configMapGenerator, generatorOptions } = kustomization.parse(document);
  return configMapGenerator.map(({ name, files }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...(generatorOptions?.labels === undefined ? {} : { labels: generatorOptions.labels }) },
    data: Object.fromEntries(
      files.map((file) => [basename(file), readFileSync(platformPath(join(folder, file)), 'utf8')]),
    ),
  }));
}
