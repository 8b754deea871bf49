import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterwards } from '../../base/afterwards.ts';
import type { Clock } from '../../clock/clock.ts';
import type { ToolName } from '../../model/target.ts';
import { formatDuration } from '../../model/units.ts';
import { ownedFolder } from '../../process/scratch.ts';
import { programs } from '../../registered/programs.ts';
import type { OfficialImage } from '../../registered/recipe.ts';
import { obtainToolchain } from '../../toolchain/obtain.ts';
import { docker } from './docker-command.ts';

interface Makeable extends OfficialImage {
  readonly program: ToolName;
}

/** Images that can be made from a program of the toolchain, by the name with which they are requested. */
const makeable: ReadonlyMap<string, Makeable> = new Map(
  programs.flatMap((recipe) =>
    recipe.kind === 'go' && recipe.image !== undefined
      ? [[recipe.image.reference, { ...recipe.image, program: recipe.name }] as const]
      : [],
  ),
);

export const isMakeable = (reference: string): boolean => makeable.has(reference);

/** Returns the name of an image that is made here; undefined for one that cannot be made. */
export const madeName = (reference: string): string | undefined => {
  const found = makeable.get(reference);
  return found === undefined ? undefined : (found.madeAs ?? reference);
};

export interface MakingStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  progress(message: string): void;
}

/**
 * Makes an image from the toolchain's own program, named by `madeName`. Reports the time it took: without a cache it takes minutes.
 * @returns false for an image that cannot be made so.
 */
export async function makeImage(reference: string, step: MakingStep): Promise<boolean> {
  const found = makeable.get(reference);
  const name = madeName(reference);
  if (found === undefined || name === undefined) return false;
  const beganMs = step.clock.monotonicMs();
  const instead = name === reference ? 'it' : reference;
  step.progress(`making image ${name} of the toolchain's ${found.program}, because ${instead} cannot be pulled`);
  await buildImage(name, found, step);
  step.progress(`image ${name} made in ${formatDuration(step.clock.monotonicMs() - beganMs)}`);
  return true;
}

/** Builds the image from a static program alone, without a base image. */
async function buildImage(reference: string, { program, path }: Makeable, step: MakingStep): Promise<void> {
  const toolchain = await obtainToolchain([program], step);
  const folder = ownedFolder();
  await using _removal = afterwards(() => rm(folder, { recursive: true, force: true }));
  await copyFile(toolchain.path(program), join(folder, program));
  const dockerfile = `FROM scratch\nCOPY ${program} ${path}\nUSER 65534\nENTRYPOINT ["${path}"]\n`;
  await writeFile(join(folder, 'Dockerfile'), dockerfile);
  await docker(
    ['build', '--quiet', '--label', 'dr-contracts.made-of=toolchain', '--tag', reference, folder],
    step.signal,
  );
}
