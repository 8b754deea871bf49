import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { platformPath } from '../process/platform-folder.ts';
import { ambiguousValueIn, badManifest, readObjects, readSettings } from './documents.ts';
import { type ManifestObject, manifestObject } from './object.ts';
import { type Source, sourcesOf } from './sources.ts';

/**
 * A kustomization asks for something that only kustomize itself does as kustomize does it. Where a kubectl is at hand it is asked
 * (`renderManifests`); where none is, the author renders it.
 */
export class BeyondReadingError extends ExplainedError {
  override readonly name = 'BeyondReadingError';

  constructor(folder: string, observed: string, cause?: unknown) {
    super(
      {
        thing: `kustomization ${folder}`,
        expected:
          'resources, ConfigMap and Secret generators, images and a namespace: what can be read without running kubectl',
        observed,
        nextStep: `Render it, and name the file instead of the folder: kubectl kustomize ${folder} > rendered.yaml`,
      },
      { cause },
    );
  }
}

const labels = z.record(z.string(), z.string());
const generator = z.strictObject({
  name: z.string().min(1),
  namespace: z.string().min(1).optional(),
  files: z.array(z.string().min(1)).default([]),
  literals: z.array(z.string().regex(/^[^=]+=/)).default([]),
});

/**
 * What of a kustomization is read without kubectl. kustomize.system.test.ts holds every part of it against `kubectl kustomize`, and
 * everything else is refused. The hash that kustomize appends to generated names is left out: every reference gets the same
 * one, so the names alone say the same.
 */
const schema = z.strictObject({
  apiVersion: z.literal(['kustomize.config.k8s.io/v1beta1', 'kustomize.config.k8s.io/v1']).optional(),
  kind: z.literal('Kustomization').optional(),
  namespace: z.string().min(1).optional(),
  resources: z.array(z.string()).default([]),
  bases: z.array(z.string()).default([]),
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
        name: z.string().min(1),
        newName: z.string().min(1).optional(),
        newTag: z.string().min(1).optional(),
        digest: z.string().min(1).optional(),
      }),
    )
    .default([]),
});
type Kustomization = z.output<typeof schema>;

/**
 * The objects that a kustomization makes.
 * @param above the kustomizations that lead here.
 * @throws {BeyondReadingError} when it asks for more than is read here; {@link ExplainedError} when kustomize refuses it, too.
 */
export function readKustomization(
  { folder, path }: Extract<Source, { kind: 'kustomization' }>,
  above: readonly string[] = [],
): readonly ManifestObject[] {
  const place = platformPath(folder);
  if (above.includes(place)) throw badManifest(path, 'resources that lead somewhere else', 'they lead back to itself');
  const settings = readSettings(path);
  const parsed = schema.safeParse(settings ?? {});
  if (!parsed.success) {
    throw new BeyondReadingError(folder, z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, ' '), parsed.error);
  }
  const kustomization = parsed.data;
  const resources = [...kustomization.resources, ...kustomization.bases].flatMap((resource) =>
    objectsOfResource(resource, folder, [...above, place]),
  );
  const before = [...resources, ...generatedBy(kustomization, folder)];
  const objects = before.map((object) =>
    withImages(placed(object, kustomization, before, folder), kustomization, folder),
  );
  requireDistinct(objects, path);
  return objects;
}

function objectsOfResource(resource: string, folder: string, above: readonly string[]): readonly ManifestObject[] {
  const path = join(folder, resource);
  if (!isThere(path)) {
    // Whatever is no path may be an address, which kustomize fetches.
    if (/^[\w+.-]+:|\?|@|^[\w-]+(?:\.[\w-]+)+\//.test(resource)) {
      throw new BeyondReadingError(folder, `its resource ${resource} lies elsewhere`);
    }
    throw badManifest(path, 'a file or folder, as a kustomization names it', 'no such file or directory');
  }
  const [source] = sourcesOf(path);
  if (statSync(platformPath(path)).isDirectory()) {
    if (source?.kind !== 'kustomization') {
      throw badManifest(path, 'a folder with a kustomization, because a kustomization names it', 'it has none');
    }
    return readKustomization(source, above);
  }
  requireInside(path, folder);
  const ambiguous = ambiguousValueIn(path);
  if (ambiguous !== undefined) {
    throw new BeyondReadingError(
      folder,
      `${resource} says ${ambiguous} without quotes, which kustomize takes for a text`,
    );
  }
  return readObjects(path);
}

function isThere(path: string): boolean {
  return statSync(platformPath(path), { throwIfNoEntry: false }) !== undefined;
}

/** As kustomize: a file outside of its folder is refused. */
function requireInside(path: string, folder: string): void {
  const way = relative(platformPath(folder), platformPath(path));
  if (way !== '..' && !way.startsWith(`..${sep}`)) return;
  throw badManifest(path, `a file in or below ${folder}, because kustomize reads no other`, 'it lies elsewhere');
}

function requireDistinct(objects: readonly ManifestObject[], path: string): void {
  const names = objects.map(
    ({ apiVersion, kind, metadata }) =>
      `${kind} ${metadata.namespace ?? ''}/${metadata.name} of ${apiVersion.includes('/') ? apiVersion.split('/')[0] : 'v1'}`,
  );
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw badManifest(path, 'every object once, as kustomize does', `${twice} is there twice`);
}

function generatedBy(kustomization: Kustomization, folder: string): readonly ManifestObject[] {
  const { generatorOptions, configMapGenerator, secretGenerator } = kustomization;
  const metadataOf = ({ name, namespace }: { name: string; namespace?: string | undefined }) => ({
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(generatorOptions?.labels === undefined ? {} : { labels: generatorOptions.labels }),
    ...(generatorOptions?.annotations === undefined ? {} : { annotations: generatorOptions.annotations }),
  });
  const configMaps = configMapGenerator.map((made) => {
    const entries = entriesOf(made, folder);
    const text = entries.filter(([, value]) => isUtf8(value)).map(([key, value]) => [key, value.toString('utf8')]);
    const binary = entries.filter(([, value]) => !isUtf8(value)).map(([key, value]) => [key, value.toString('base64')]);
    return {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadataOf(made),
      ...(text.length === 0 ? {} : { data: Object.fromEntries(text) }),
      ...(binary.length === 0 ? {} : { binaryData: Object.fromEntries(binary) }),
    };
  });
  const secrets = secretGenerator.map((made) => {
    const entries = entriesOf(made, folder).map(([key, value]) => [key, value.toString('base64')]);
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadataOf(made),
      type: made.type,
      data: Object.fromEntries(entries),
    };
  });
  return [...configMaps, ...secrets];
}

function entriesOf({ name, files, literals }: z.output<typeof generator>, folder: string): [string, Buffer][] {
  const entries = [
    ...files.map((file): [string, Buffer] => {
      const [, key = basename(file), named = file] = /^([^=]+)=([^=]+)$/.exec(file) ?? [];
      const path = join(folder, named);
      requireInside(path, folder);
      try {
        return [key, readFileSync(platformPath(path))];
      } catch (error) {
        throw badManifest(path, `a file, from which ${name} is made`, summaryOf(error), error);
      }
    }),
    ...literals.map((literal): [string, Buffer] => {
      const at = literal.indexOf('=');
      // One pair of quotes goes, as in kustomize's api/kv/kv.go.
      return [literal.slice(0, at), Buffer.from(literal.slice(at + 1).replace(/^(["'])(.*)\1$/s, '$2'))];
    }),
  ];
  const keys = entries.map(([key]) => key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice === undefined) return entries;
  throw badManifest(folder, `every key of ${name} once, as kustomize does`, `${twice} is there twice`);
}

/** Kinds of the whole cluster, to which a kustomization's namespace means nothing. */
const CLUSTER_WIDE = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'IngressClass',
  'Node',
  'PersistentVolume',
  'PriorityClass',
  'RuntimeClass',
  'StorageClass',
]);
/** Kinds of the API itself in which kustomize looks for namespaces elsewhere than in the metadata, or which are rare. */
const OTHER_OF_THE_API =
  /^(?:admissionregistration|apiregistration|authentication|authorization|certificates|flowcontrol|internal\.apiserver|node|resource|storage|storagemigration)\.k8s\.io\//;

const withImage = z.looseObject({ image: z.string() });

/** The object with the images of its containers as the kustomization wants them. */
function withImages(object: ManifestObject, { images }: Kustomization, folder: string): ManifestObject {
  if (images.length === 0 || object.kind === 'CustomResourceDefinition') return object;
  const changed: unknown = JSON.parse(JSON.stringify(object), (key, value: unknown) => {
    if (!Array.isArray(value)) return value;
    if (key === 'volumes' && value.some((each) => typeof each === 'object' && each !== null && 'image' in each)) {
      throw new BeyondReadingError(
        folder,
        `${object.kind} ${object.metadata.name} mounts an image, and images are changed`,
      );
    }
    if (key !== 'containers' && key !== 'initContainers') return value;
    return value.map((container: unknown) => {
      const found = withImage.safeParse(container);
      return found.success ? { ...found.data, image: imageAfter(found.data.image, images) } : container;
    });
  });
  return manifestObject.parse(changed);
}

const binding = z.looseObject({
  subjects: z
    .array(z.looseObject({ kind: z.string(), name: z.string(), namespace: z.string().optional() }))
    .default([]),
});

/** The object in the kustomization's namespace, where it says one. */
function placed(
  object: ManifestObject,
  { namespace }: Kustomization,
  all: readonly ManifestObject[],
  folder: string,
): ManifestObject {
  if (namespace === undefined) return object;
  const { apiVersion, kind, metadata } = object;
  const beyond = (why: string) => new BeyondReadingError(folder, `${kind} ${metadata.name} ${why}`);
  if (kind === 'Namespace') {
    if (metadata.name === namespace) return object;
    throw beyond(`is to become ${namespace}`);
  }
  if (OTHER_OF_THE_API.test(apiVersion) && !CLUSTER_WIDE.has(kind)) {
    throw beyond('may hold namespaces elsewhere than in its metadata');
  }
  if (kind === 'RoleBinding' || kind === 'ClusterRoleBinding') {
    const parsed = binding.safeParse(object);
    const follows = parsed.data?.subjects.some(
      (subject) => subject.kind === 'ServiceAccount' && subject.namespace !== namespace && isRenamed(subject, all),
    );
    if (follows !== false) throw beyond('names accounts whose namespace is changed');
  }
  return CLUSTER_WIDE.has(kind) ? object : { ...object, metadata: { ...metadata, namespace } };
}

/** Kustomize moves the account `default`, and those that it knows, wherever they are referred to. */
function isRenamed(
  { name, namespace }: { readonly name: string; readonly namespace?: string | undefined },
  all: readonly ManifestObject[],
): boolean {
  if (name === 'default' || namespace === undefined) return true;
  return all.some(
    ({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === name && metadata.namespace === namespace,
  );
}

function imageAfter(reference: string, images: Kustomization['images']): string {
  return images.reduce((before, change) => {
    const [, name = before, rest = ''] = /^(.*?)((?::[^/:]+)?(?:@.+)?)$/.exec(before) ?? [];
    if (change.name !== name) return before;
    const { newName = name, newTag, digest } = change;
    // A tag or a digest takes the place of both (kustomize's api/filters/imagetag/updater.go).
    if (newTag === undefined && digest === undefined) return `${newName}${rest}`;
    return `${newName}${newTag === undefined ? '' : `:${newTag}`}${digest === undefined ? '' : `@${digest}`}`;
  }, reference);
}
