import { join } from 'node:path';
import type { Clock } from '../../clock/clock.ts';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import type { ToolName } from '../../model/target.ts';
import type { PlaceInImage, Recipe } from '../../registered/recipe.ts';
import { findFinished, finishedFolder } from '../../toolchain/cache-entry.ts';
import { type CacheEntry, goPlatform, lockFolder } from '../../toolchain/cache-folder.ts';
import { cacheRoot } from '../../toolchain/cache-root.ts';
import type { LocatedTool, Promised, ReadyMade, Refusal, ToolSource } from '../../toolchain/locate.ts';
import { readVersion } from '../../toolchain/version-probe.ts';
import { type CopyStep, copyFromImage } from './copy-from-image.ts';
import { ensureImages, type FoundImage, findImage } from './images.ts';
import { type DockerSettings, imageOf, imageVariableOf } from './settings.ts';

export interface ProgramStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  progress(message: string): void;
}

/** Raise it when the folders are made in another way. */
const FORM = 1;

/** Returns the files of the finished folder, the program first. */
const filesOf = (name: ToolName, place: PlaceInImage): readonly [string, ...string[]] =>
  'path' in place ? [name] : place.files;

async function copyProgram(name: ToolName, place: PlaceInImage, { image, to }: Copied, step: CopyStep): Promise<void> {
  if ('path' in place) return await copyFromImage(image, [{ from: place.path, to: join(to, name) }], step);
  const { script, command, folder } = place.gatheredBy;
  await copyFromImage(image, [{ from: `${folder}/.`, to }], step, {
    script: { file: join(lockFolder, script.file), to: script.to },
    command,
  });
}

interface Copied {
  /** Id of the image. */
  readonly image: string;
  /** Folder on this machine. */
  readonly to: string;
}

/**
 * Obtains command lines from the images of the docker target: copies them into the tool cache under a key of the image's digest, and uses
 * them only if they report the version that the drills are tested with.
 */
export function imagePrograms(settings: DockerSettings, step: ProgramStep): ReadyMade {
  const refusals = new Map<ToolName, Refusal>();
  const refuse = (recipe: Recipe, { image }: PlaceInImage, refused: string): Refusal => {
    const fix = `docker pull ${imageOf(settings, image)}, or name another image in ${imageVariableOf(image)}.`;
    const refusal = { refused, fix };
    refusals.set(recipe.name, refusal);
    return refusal;
  };
  return {
    refusals,
    take: async (recipe) => {
      const place = recipe.inImage;
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
      const place = recipe.inImage;
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

async function fromImage(
  recipe: Recipe,
  place: PlaceInImage,
  image: FoundImage,
  step: ProgramStep,
): Promise<LocatedTool> {
  requireArchitecture(image);
  const { clock, signal, progress } = step;
  const work = `copying ${recipe.name} out of ${image.reference}`;
  const options = { clock, signal, work, progress: (message: string) => progress(message) };
  const folder = await finishedFolder(entryOf(recipe, place, image), options, async ({ dir }) => {
    progress(work);
    await copyProgram(recipe.name, place, { image: image.id, to: dir }, step);
    const version = await readVersion(join(dir, filesOf(recipe.name, place)[0]), recipe.probe, clock, signal);
    if (version !== recipe.version) throw otherVersion(recipe, image, version);
  });
  return located(recipe, place, image, folder.path);
}

async function lookInImage(recipe: Recipe, place: PlaceInImage, image: FoundImage): Promise<LocatedTool | Promised> {
  requireArchitecture(image);
  const finished = await findFinished(entryOf(recipe, place, image));
  return finished === undefined ? { from: sourceOf(image) } : located(recipe, place, image, finished);
}

const located = (recipe: Recipe, place: PlaceInImage, image: FoundImage, dir: string): LocatedTool => ({
  name: recipe.name,
  version: recipe.version,
  source: sourceOf(image),
  path: join(dir, filesOf(recipe.name, place)[0]),
  entryDir: entryOf(recipe, place, image).dir,
});

/** Returns for a record: the reference with which the image was requested, and its digest. */
const sourceOf = ({ reference, digest }: FoundImage): ToolSource =>
  `image ${reference} (${/sha256:[0-9a-f]+/.exec(digest)?.[0] ?? digest})`;

/** Returns the cache entry. Its key depends on the image, so a program is copied anew when a tag is pulled again. */
function entryOf(recipe: Recipe, place: PlaceInImage, image: FoundImage): CacheEntry {
  const key = image.id.replace(/^sha256:/, '').slice(0, 16);
  const name = `${recipe.name}-${recipe.version}-image-${FORM}-${key}`;
  return {
    label: recipe.name,
    version: recipe.version,
    dir: join(cacheRoot(), 'toolchain', name),
    programs: filesOf(recipe.name, place),
    nameAnywhere: name,
  };
}

/** Refuses other systems: docker on macOS and Windows runs Linux programs, which do not run outside of it. */
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
