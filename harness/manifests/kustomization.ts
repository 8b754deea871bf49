import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { platformPath } from '../process/platform-folder.ts';
import { type ManifestObject, manifestObject } from './object.ts';

const labels = z.record(z.string(), z.string());
const generator = z.strictObject({
  name: z.string().min(1),
  namespace: z.string().min(1).optional(),
  files: z.array(z.string().min(1)).default([]),
  literals: z.array(z.string().includes('=')).default([]),
});

/**
 * What of a kustomization is understood. Anything else would change what is applied, and is refused rather than left out. The hash that
 * kustomize appends to generated names is not: every reference gets the same one, so the names alone say the same.
 */
const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Kustomization'),
  namespace: z.string().min(1).optional(),
  resources: z.array(z.string()).default([]),
  generatorOptions: z
    .strictObject({
      disableNameSuffixHash: z.boolean().optional(),
      labels: labels.optional(),
      annotations: labels.optional(),
    })
    .optional(),
  configMapGenerator: z.array(generator).default([]),
  secretGenerator: z.array(generator.extend({ type: z.string().default('Opaque') })).default([]),
  images: z
    .array(
      z.strictObject({
        name: z.string(),
        newName: z.string().optional(),
        newTag: z.string().optional(),
        digest: z.string().optional(),
      }),
    )
    .default([]),
});
export type Kustomization = z.output<typeof schema>;

export function isKustomization(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'kind' in document && document.kind === 'Kustomization';
}

/**
 * A kustomization and the ConfigMaps and Secrets that it makes.
 * @throws a ZodError for what is not understood; an error for a file that cannot be read.
 */
export function parseKustomization(
  document: unknown,
  folder: string,
): { readonly kustomization: Kustomization; readonly generated: readonly ManifestObject[] } {
  const kustomization = schema.parse(document);
  const { generatorOptions, configMapGenerator, secretGenerator } = kustomization;
  const metadataOf = ({ name, namespace }: { name: string; namespace?: string | undefined }) => ({
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(generatorOptions?.labels === undefined ? {} : { labels: generatorOptions.labels }),
    ...(generatorOptions?.annotations === undefined ? {} : { annotations: generatorOptions.annotations }),
  });
  const configMaps = configMapGenerator.map((made) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadataOf(made),
    data: Object.fromEntries(entriesOf(made, folder).map(([key, value]) => [key, value.toString('utf8')])),
  }));
  const secrets = secretGenerator.map((made) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadataOf(made),
    type: made.type,
    data: Object.fromEntries(entriesOf(made, folder).map(([key, value]) => [key, value.toString('base64')])),
  }));
  return { kustomization, generated: [...configMaps, ...secrets] };
}

function entriesOf({ files, literals }: z.output<typeof generator>, folder: string): [string, Buffer][] {
  return [
    ...files.map((file): [string, Buffer] => {
      const [, key = basename(file), path = file] = /^([^=]+)=(.+)$/.exec(file) ?? [];
      return [key, readFileSync(platformPath(join(folder, path)))];
    }),
    ...literals.map((literal): [string, Buffer] => {
      const at = literal.indexOf('=');
      return [literal.slice(0, at), Buffer.from(literal.slice(at + 1))];
    }),
  ];
}

const CLUSTER_WIDE = /^(Namespace|CustomResourceDefinition|Cluster\w+|PersistentVolume|StorageClass|PriorityClass)$/;

/** The object as the kustomization changes it: its namespace and the images of its containers. */
export function transformed(object: ManifestObject, { namespace, images }: Kustomization): ManifestObject {
  const placed =
    namespace === undefined || CLUSTER_WIDE.test(object.kind)
      ? object
      : { ...object, metadata: { ...object.metadata, namespace } };
  if (images.length === 0) return placed;
  const changed: unknown = JSON.parse(JSON.stringify(placed), (key, value: unknown) =>
    key === 'image' && typeof value === 'string' ? imageAfter(value, images) : value,
  );
  return manifestObject.parse(changed);
}

function imageAfter(reference: string, images: Kustomization['images']): string {
  const [, name = reference, rest = ''] = /^(.*?)((?::[^/:]+)?(?:@.+)?)$/.exec(reference) ?? [];
  const change = images.find((image) => image.name === name);
  if (change === undefined) return reference;
  const { newName = name, newTag, digest } = change;
  if (digest !== undefined) return `${newName}@${digest}`;
  return `${newName}${newTag === undefined ? rest : `:${newTag}`}`;
}
