import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ExplainedError } from '../../model/errors.ts';
import { rewritePaths } from './rewrite.ts';
import type { Container, Content, PodSpec, Volume } from './spec.ts';

export interface MountSources {
  readonly configMaps: ReadonlyMap<string, Content>;
  readonly secrets: ReadonlyMap<string, Content>;
  /** Where emptyDirs lie, for all containers of the pod. */
  readonly podDir: string;
  /** Where the claims' content lies: it outlives the pod. */
  readonly claimsDir: string;
}

interface File {
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
  readonly isText: boolean;
}

/** The mounts of one container, below a folder. Disposal gives the volumes back to the pod. */
export interface LaidOut extends AsyncDisposable {
  /** What the container has at /scripts, the process has at `<root>/scripts`. */
  readonly root: string;
}

/**
 * Lays the mounts of a container out below `root`, as real folders and files: a program that does not follow links finds them, too. Paths of
 * mounts in files from ConfigMaps are rewritten to that.
 * @throws {ExplainedError} for a volume that no process can be given.
 */
export async function layOut(
  pod: PodSpec,
  container: Container,
  sources: MountSources,
  root: string,
): Promise<LaidOut> {
  await using undo = new AsyncDisposableStack();
  const mountPaths = container.volumeMounts.map(({ mountPath }) => mountPath);
  const rewrite = (text: string) => rewritePaths(text, mountPaths, root);
  // A mount inside another one comes after it.
  const outerFirst = container.volumeMounts.toSorted((a, b) => a.mountPath.length - b.mountPath.length);
  for (const { name, mountPath, subPath } of outerFirst) {
    const volume = pod.volumes.find((candidate) => candidate.name === name);
    if (volume === undefined) throw refused(name, 'the pod has no volume of that name');
    const place = join(root, mountPath);
    await mkdir(dirname(place), { recursive: true });
    if (isOwn(volume)) undo.use(await lend(join(folderOf(volume, sources), subPath ?? '.'), place));
    else await writeFiles(filesOf(volume, sources), subPath, place, rewrite);
  }
  const lent = undo.move();
  return { root, [Symbol.asyncDispose]: async () => await lent.disposeAsync() };
}

const folderOf = ({ name, persistentVolumeClaim }: Volume, { podDir, claimsDir }: MountSources): string =>
  persistentVolumeClaim === undefined ? join(podDir, name) : join(claimsDir, persistentVolumeClaim.claimName);

/** Moves the folder to its place until it is given back; mounted a second time in the same container, it is linked there. */
async function lend(folder: string, place: string): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true });
  await rename(folder, place);
  await symlink(place, folder);
  return {
    [Symbol.asyncDispose]: async () => {
      await rm(folder);
      await rename(place, folder);
    },
  };
}

async function writeFiles(
  files: readonly File[],
  subPath: string | undefined,
  place: string,
  rewrite: (text: string) => string,
): Promise<void> {
  const only = subPath === undefined ? undefined : files.filter(({ path }) => path === subPath);
  if (only === undefined) await mkdir(place, { recursive: true });
  for (const { path, content, mode, isText } of only ?? files) {
    const file = only === undefined ? join(place, path) : place;
    await mkdir(dirname(file), { recursive: true });
    const text = content.toString('utf8');
    // Bytes that are no text are left as they are.
    const rewritten = isText && Buffer.from(text).equals(content) ? Buffer.from(rewrite(text)) : content;
    await writeFile(file, rewritten);
    await chmod(file, mode);
  }
}

/** Volumes that a pod writes to, and that begin empty. */
const isOwn = (volume: Volume): boolean => 'emptyDir' in volume || volume.persistentVolumeClaim !== undefined;

function filesOf(volume: Volume, { configMaps, secrets }: MountSources): File[] {
  const { configMap, secret, projected } = volume;
  if (configMap !== undefined) {
    return picked(
      `ConfigMap ${configMap.name}`,
      configMaps.get(configMap.name),
      configMap,
      configMap.defaultMode,
      true,
    );
  }
  if (secret !== undefined) {
    return picked(`Secret ${secret.secretName}`, secrets.get(secret.secretName), secret, secret.defaultMode, false);
  }
  if (projected === undefined) {
    const kinds = Object.keys(volume).filter((key) => key !== 'name');
    throw refused(volume.name, `it is a ${kinds.join(', ')}, which a process of this machine is not given`);
  }
  return projected.sources.flatMap((source) => {
    if (source.configMap !== undefined) {
      const { name } = source.configMap;
      return picked(`ConfigMap ${name}`, configMaps.get(name), source.configMap, projected.defaultMode, true);
    }
    if (source.secret !== undefined) {
      const { name } = source.secret;
      return picked(`Secret ${name}`, secrets.get(name), source.secret, projected.defaultMode, false);
    }
    throw refused(volume.name, `it projects ${Object.keys(source).join(', ')}`);
  });
}

interface Choice {
  readonly items?:
    | readonly { readonly key: string; readonly path: string; readonly mode?: number | undefined }[]
    | undefined;
  readonly optional: boolean;
}

function picked(what: string, content: Content | undefined, choice: Choice, mode: number, isText: boolean): File[] {
  if (content === undefined) {
    if (choice.optional) return [];
    throw refused(what, 'the manifests hold none, and it is not optional, so the pod would never start');
  }
  if (choice.items === undefined) {
    return [...content].map(([path, bytes]) => ({ path, content: bytes, mode, isText }));
  }
  return choice.items.flatMap(({ key, path, mode: own = mode }) => {
    const bytes = content.get(key);
    if (bytes !== undefined) return [{ path, content: bytes, mode: own, isText }];
    if (choice.optional) return [];
    throw refused(what, `it has no key ${key}, so the pod would never start`);
  });
}

function refused(what: string, observed: string): ExplainedError {
  return new ExplainedError({
    thing: `volume ${what}`,
    expected: 'an emptyDir, a claim, a ConfigMap or a Secret of the manifests',
    observed,
    nextStep: 'Say what a Secret holds in `secrets` of cronJob({ … }), or drill it where pods run (--target docker).',
  });
}
