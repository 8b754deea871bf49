import { chmod, lstat, mkdir, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ExplainedError, NotProvableHereError } from '../../model/errors.ts';
import { expand } from '../../procedure-kit/author-environment.ts';
import type { Mount } from '../../process/sandbox/arguments.ts';
import { isInside } from '../../process/sandbox/installed.ts';
import { normalisedPlace } from '../../process/sandbox/mounts.ts';
import type { Container, Content, PodSpec, Volume } from './spec.ts';

export interface MountSources {
  readonly configMaps: ReadonlyMap<string, Content>;
  readonly secrets: ReadonlyMap<string, Content>;
  /** Where the volumes of the pod lie that go with it. */
  readonly podDir: string;
  /** Where the claims' content lies: it outlives the pod. */
  readonly claimsDir: string;
  /** For `subPathExpr`. */
  readonly variables: ReadonlyMap<string, string>;
  readonly fields: ReadonlyMap<string, string>;
}

interface File {
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

/**
 * The volumes of one container at their places, made below the pod's and the claims' folders where they are not there yet.
 * What comes from a ConfigMap, a Secret or a projection is read-only, as the kubelet mounts it.
 * @throws {ExplainedError} for a pod that would never start.
 * @throws {NotProvableHereError} for a volume that a process of this machine is not given.
 */
export async function mountsOf(pod: PodSpec, container: Container, sources: MountSources): Promise<readonly Mount[]> {
  const mounts: Mount[] = [];
  // A mount inside another one comes after it.
  const outerFirst = container.volumeMounts.toSorted((a, b) => a.mountPath.length - b.mountPath.length);
  for (const { name, mountPath, subPath, subPathExpr, readOnly } of outerFirst) {
    const volume = pod.volumes.find((candidate) => candidate.name === name);
    if (volume === undefined) throw neverStarts(name, 'the pod has no volume of that name');
    const to = normalisedPlace(mountPath);
    if (to === null || to === '') throw neverStarts(name, `${mountPath} is not below /`);
    const part = subPathExpr === undefined ? subPath : expand(subPathExpr, sources.variables);
    const { folder, isOwn } = await volumeFolder(volume, sources);
    const from = part === undefined || part === '' ? folder : await partOf(folder, part, isOwn, name);
    await requirePlainWay(to, mounts, name);
    const closed = readOnly || !isOwn || volume.persistentVolumeClaim?.readOnly === true;
    mounts.push({ from, to, mode: closed ? 'read-only' : 'read-write' });
  }
  return mounts;
}

/** A folder of this machine with the volume's content; `isOwn` for one that the pod may write to. */
async function volumeFolder(volume: Volume, sources: MountSources): Promise<{ folder: string; isOwn: boolean }> {
  const { name, persistentVolumeClaim } = volume;
  if (persistentVolumeClaim !== undefined || 'emptyDir' in volume) {
    const own = persistentVolumeClaim === undefined ? sources.podDir : sources.claimsDir;
    const folder = join(own, persistentVolumeClaim?.claimName ?? name);
    await mkdir(folder, { recursive: true });
    // As the kubelet makes an emptyDir: a program of any user may write to it, such as to /tmp.
    if (persistentVolumeClaim === undefined) await chmod(folder, 0o777);
    return { folder, isOwn: true };
  }
  const folder = join(sources.podDir, name);
  if (await isThere(folder)) return { folder, isOwn: false };
  const files = filesOf(volume, sources);
  await mkdir(folder, { recursive: true });
  for (const { path, content, mode } of files) {
    const file = join(folder, path);
    if (!isInside(file, folder)) throw neverStarts(name, `${path} leads out of the volume`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    await chmod(file, mode);
  }
  return { folder, isOwn: false };
}

/**
 * The place of a `subPath` in its volume. A link that leads out of the volume is refused, as Kubernetes does: a program could
 * otherwise have any file of this machine mounted (CVE-2017-1002101).
 */
async function partOf(folder: string, subPath: string, isOwn: boolean, name: string): Promise<string> {
  const part = join(folder, subPath);
  if (part !== folder && !isInside(part, folder)) throw neverStarts(name, `subPath ${subPath} leads out of it`);
  if (!(await isThere(part))) {
    if (!isOwn) throw neverStarts(name, `subPath ${subPath}: it has no such key`);
    await requireInside(dirname(part), folder, name);
    await mkdir(part, { recursive: true });
  }
  await requireInside(part, folder, name);
  return part;
}

async function requireInside(path: string, folder: string, name: string): Promise<void> {
  let existing = path;
  while (!(await isThere(existing))) existing = dirname(existing);
  const real = await realpath(existing).catch(() => '');
  const root = await realpath(folder);
  if (real === root || isInside(real, root)) return;
  throw neverStarts(name, `${path.slice(folder.length)} is a link that leads out of it`);
}

/** A mount below another volume must not be led elsewhere by a link in that: bubblewrap makes its place before it is closed in. */
async function requirePlainWay(to: string, mounts: readonly Mount[], name: string): Promise<void> {
  const outer = mounts.findLast((mount) => isInside(to, mount.to));
  if (outer === undefined || !(await isFolder(outer.from))) return;
  await requireInside(join(outer.from, to.slice(outer.to.length)), outer.from, name);
}

function filesOf(volume: Volume, sources: MountSources): File[] {
  const { configMaps, secrets } = sources;
  const { configMap, secret, projected, downwardAPI } = volume;
  if (configMap !== undefined) {
    return picked(`ConfigMap ${configMap.name}`, configMaps.get(configMap.name), configMap, configMap.defaultMode);
  }
  if (secret !== undefined) {
    return picked(`Secret ${secret.secretName}`, secrets.get(secret.secretName), secret, secret.defaultMode);
  }
  if (downwardAPI !== undefined) return fieldFiles(volume.name, downwardAPI.items, downwardAPI.defaultMode, sources);
  if (projected === undefined) {
    const kinds = Object.keys(volume).filter((key) => key !== 'name');
    throw notGiven(volume.name, `it is a ${kinds.join(', ')}, which a process of this machine does not get`);
  }
  return projected.sources.flatMap((source) => {
    const { defaultMode } = projected;
    if (source.configMap !== undefined) {
      const { name } = source.configMap;
      return picked(`ConfigMap ${name}`, configMaps.get(name), source.configMap, defaultMode);
    }
    if (source.secret !== undefined) {
      const { name } = source.secret;
      return picked(`Secret ${name}`, secrets.get(name), source.secret, defaultMode);
    }
    if (source.downwardAPI !== undefined) {
      return fieldFiles(volume.name, source.downwardAPI.items, defaultMode, sources);
    }
    throw notGiven(volume.name, `it projects ${Object.keys(source).join(', ')}`);
  });
}

function fieldFiles(
  volume: string,
  items: readonly { readonly path: string; readonly fieldRef?: { readonly fieldPath: string } | undefined }[],
  mode: number,
  { fields }: MountSources,
): File[] {
  return items.map(({ path, fieldRef }) => {
    const value = fieldRef === undefined ? undefined : fields.get(fieldRef.fieldPath);
    if (value !== undefined) return { path, content: Buffer.from(value), mode };
    throw notGiven(volume, `it shows ${fieldRef?.fieldPath ?? 'a resource limit'}, which only a pod has`);
  });
}

interface Choice {
  readonly items?:
    | readonly { readonly key: string; readonly path: string; readonly mode?: number | undefined }[]
    | undefined;
  readonly optional: boolean;
}

function picked(what: string, content: Content | undefined, choice: Choice, mode: number): File[] {
  if (content === undefined) {
    if (choice.optional) return [];
    throw neverStarts(what, 'the manifests hold none, and it is not optional, so the pod would never start');
  }
  if (choice.items === undefined) {
    return [...content].map(([path, bytes]) => ({ path, content: bytes, mode }));
  }
  return choice.items.flatMap(({ key, path, mode: own = mode }) => {
    const bytes = content.get(key);
    if (bytes !== undefined) return [{ path, content: bytes, mode: own }];
    if (choice.optional) return [];
    throw neverStarts(what, `it has no key ${key}, so the pod would never start`);
  });
}

const isThere = async (path: string): Promise<boolean> =>
  await lstat(path).then(
    () => true,
    () => false,
  );

const isFolder = async (path: string): Promise<boolean> =>
  await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

function neverStarts(what: string, observed: string): ExplainedError {
  return new ExplainedError({
    thing: `volume ${what}`,
    expected: 'a volume that can be mounted',
    observed,
    nextStep: 'Correct the manifests, or say what a Secret holds in `secrets` of cronJob({ … }).',
  });
}

function notGiven(what: string, observed: string): NotProvableHereError {
  return new NotProvableHereError({
    thing: `volume ${what}`,
    expected: 'an emptyDir, a claim, a ConfigMap or a Secret of the manifests',
    observed,
    nextStep: 'Drill it where pods run (--target docker).',
  });
}
