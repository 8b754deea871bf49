import { join } from 'node:path';
import type { Clock } from '../../clock/clock.ts';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import type { ToolName } from '../../model/target.ts';
import type { Recipe } from '../../registered/recipe.ts';
import { findFinished, finishedFolder } from '../../toolchain/cache-entry.ts';
import { type CacheEntry, goPlatform } from '../../toolchain/cache-folder.ts';
import { cacheRoot } from '../../toolchain/cache-root.ts';
import type { LocatedTool, Promised, ReadyMade, Refusal, ToolSource } from '../../toolchain/locate.ts';
import { readVersion } from '../../toolchain/version-probe.ts';
import { copyAwsTree } from './aws-tree.ts';
import { copyFromImage } from './copy-from-image.ts';
import { ensureImages, type FoundImage, findImage } from './images.ts';
import { type DockerSettings, type ImageName, imageOf, imageVariableOf } from './settings.ts';

interface Place {
  readonly image: ImageName;
  /** Files of the finished folder, the program first. */
  readonly files: readonly [string, ...string[]];
  copy(image: FoundImage, to: string, step: ProgramStep): Promise<void>;
}

export interface ProgramStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  progress(message: string): void;
}

const oneFile = (image: ImageName, path: string, name: ToolName): Place => ({
  image,
  files: [name],
  copy: async ({ id }, to, step) => await copyFromImage(id, [{ from: path, to: join(to, name) }], step),
});

/** Raised when a folder is made in another way than before. */
const FORM = 1;

/** Which image has which program. Go programs are static, so the file alone is copied. */
const places: Readonly<Partial<Record<ToolName, Place>>> = {
  nats: oneFile('nats-box', '/usr/local/bin/nats', 'nats'),
  kubectl: oneFile('kind-node', '/usr/bin/kubectl', 'kubectl'),
  velero: oneFile('velero', '/velero', 'velero'),
  aws: { image: 'localstack', files: ['bin/aws', 'bin/python3', 'lib/loader/ld.so'], copy: copyAwsTree },
};

/**
 * The command lines that the images of the docker target bring along: copied into the tool cache, under a key of the image's digest, and
 * used only if they say the version that the drills are tested with.
 */
export function imagePrograms(settings: DockerSettings, step: ProgramStep): ReadyMade {
  const refusals = new Map<ToolName, Refusal>();
  const refuse = (recipe: Recipe, { image }: Place, refused: string): Refusal => {
    const fix = `docker pull ${imageOf(settings, image)}, or name another image in ${imageVariableOf(image)}.`;
    const refusal = { refused, fix };
    refusals.set(recipe.name, refusal);
    return refusal;
  };
  return {
    refusals,
    take: async (recipe) => {
      const place = places[recipe.name];
      if (place === undefined) return undefined;
      try {
        requireLinux();
        const [image] = await ensureImages([place.image], settings, step);
        if (image === undefined) throw new Error(`no image ${place.image}`);
        return await fromImage(recipe, place, image, step);
      } catch (error) {
        step.signal.throwIfAborted();
        const refusal = refuse(recipe, place, sentenceOf(error));
        step.progress(`${recipe.name} is not taken out of an image: ${refusal.refused}`);
        return refusal;
      }
    },
    look: async (recipe) => {
      const place = places[recipe.name];
      if (place === undefined) return undefined;
      try {
        requireLinux();
        const image = await findImage(place.image, settings, step.signal);
        if (image !== undefined) return await lookInImage(recipe, place, image);
        const reference = imageOf(settings, place.image);
        if (settings.pull === 'never') return refuse(recipe, place, `image ${reference} is not in the docker daemon`);
        return { from: `image ${reference}`, fetch: `docker pull ${reference}` };
      } catch (error) {
        step.signal.throwIfAborted();
        return refuse(recipe, place, sentenceOf(error));
      }
    },
  };
}

async function fromImage(recipe: Recipe, place: Place, image: FoundImage, step: ProgramStep): Promise<LocatedTool> {
  requireArchitecture(image);
  const { clock, signal, progress } = step;
  const work = `copying ${recipe.name} out of ${image.reference}`;
  const options = { clock, signal, work, progress: (message: string) => progress(message) };
  const folder = await finishedFolder(entryOf(recipe, place, image), options, async ({ dir }) => {
    progress(work);
    await place.copy(image, dir, step);
    const version = await readVersion(join(dir, place.files[0]), recipe.probe, clock, signal);
    if (version !== recipe.version) throw otherVersion(recipe, image, version);
  });
  return located(recipe, place, image, folder.path);
}

async function lookInImage(recipe: Recipe, place: Place, image: FoundImage): Promise<LocatedTool | Promised> {
  requireArchitecture(image);
  const finished = await findFinished(entryOf(recipe, place, image));
  return finished === undefined ? { from: sourceOf(image) } : located(recipe, place, image, finished);
}

const located = (recipe: Recipe, place: Place, image: FoundImage, dir: string): LocatedTool => ({
  name: recipe.name,
  version: recipe.version,
  source: sourceOf(image),
  path: join(dir, place.files[0]),
  entryDir: entryOf(recipe, place, image).dir,
});

/** For a record: the reference by which the image was asked for, and its digest. */
const sourceOf = ({ reference, digest }: FoundImage): ToolSource =>
  `image ${reference} (${/sha256:[0-9a-f]+/.exec(digest)?.[0] ?? digest})`;

/** Another image is another place, so a program is copied anew when a tag is pulled again. */
function entryOf(recipe: Recipe, place: Place, image: FoundImage): CacheEntry {
  const key = image.id.replace(/^sha256:/, '').slice(0, 16);
  const name = `${recipe.name}-${recipe.version}-image-${FORM}-${key}`;
  return {
    label: recipe.name,
    version: recipe.version,
    dir: join(cacheRoot(), 'toolchain', name),
    programs: place.files,
    nameAnywhere: name,
  };
}

/** Docker on macOS and on Windows runs Linux, and its programs do not run outside of it. */
function requireLinux(): void {
  if (process.platform === 'linux') return;
  throw new ExplainedError({
    thing: 'programs of Linux images',
    expected: 'a Linux machine',
    observed: `it is ${process.platform}`,
    nextStep: 'Let the programs be built.',
  });
}

function requireArchitecture({ reference, architecture }: FoundImage): void {
  const { goarch } = goPlatform();
  if (architecture === goarch) return;
  throw new ExplainedError({
    thing: `image ${reference}`,
    expected: `programs for ${goarch}`,
    observed: `they are for ${architecture}`,
    nextStep: `docker pull --platform linux/${goarch} ${reference}`,
  });
}

function otherVersion(recipe: Recipe, image: FoundImage, version: string): ExplainedError {
  return new ExplainedError({
    thing: `${recipe.name} in image ${image.reference}`,
    expected: `version ${recipe.version}, which the drills are tested with`,
    observed: `it is ${version}`,
    nextStep: `Name an image with ${recipe.name} ${recipe.version} in ${imageVariableOf(image.name)}.`,
  });
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof ExplainedError)) return summaryOf(error);
  const { thing, expected, observed } = error.explanation;
  return `${thing}: expected ${expected}, but ${observed}`;
}
