import { formatSize } from '../../model/units.ts';
import { inspectDaemon, MINIMUM_API_VERSION } from './daemon.ts';
import { findImage } from './images.ts';
import { isMakeable } from './made-images.ts';
import { dockerSettings, imageNames, imageOf, imageVariableOf } from './settings.ts';

/** Status of one thing that the docker target needs, found without starting or pulling anything. */
export interface DockerStatus {
  readonly name: string;
  readonly wantedVersion: string;
  readonly foundVersion?: string;
  readonly source?: string;
  /** Why it cannot be used as it is; absent when it can be used. */
  readonly missing?: string;
  readonly fix?: string;
  /** True where a run tries to fetch it by itself. */
  readonly fetched?: boolean;
}

/** Inspects the daemon and each image. Without a daemon, reports the daemon alone, because nothing is known about the images. */
export async function inspectDocker(): Promise<readonly DockerStatus[]> {
  const signal = new AbortController().signal;
  const daemon = await inspectDaemon(signal);
  const wanted = { name: 'docker', wantedVersion: `API ${MINIMUM_API_VERSION} or newer` };
  if ('problem' in daemon) {
    const fix = 'Start Docker (or install it) for --target docker; --target local needs none.';
    return [{ ...wanted, missing: daemon.problem, fix }];
  }
  const settings = dockerSettings();
  const images = imageNames().map(async (name): Promise<DockerStatus> => {
    const reference = imageOf(settings, name);
    const status = { name: `image ${name}`, wantedVersion: tagOf(reference) };
    const image = await findImage(name, settings, signal);
    if (image !== undefined) return { ...status, foundVersion: formatSize(image.sizeBytes), source: image.reference };
    const otherwise = isMakeable(reference) ? ', and makes it of the toolchain where it cannot be pulled' : '';
    const fix = `docker pull ${reference} (a docker drill does so by itself${otherwise}), or name another image in ${imageVariableOf(name)}`;
    return { ...status, missing: `${reference} is not in the docker daemon`, fix, fetched: settings.pull !== 'never' };
  });
  const found = { ...wanted, foundVersion: `${daemon.version}, API ${daemon.apiVersion}`, source: 'daemon' };
  return [found, ...(await Promise.all(images))];
}

/** Returns the part that differs between releases; the whole reference is shown beside it. */
const tagOf = (reference: string): string => /[:@]([^:@/]+)$/.exec(reference)?.[1]?.slice(0, 20) ?? 'latest';
