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

/** Images that can be made of a program of the toolchain, by the name by which they are asked for. */
const makeable: ReadonlyMap<string, Makeable> = new Map(
  programs.flatMap((recipe) =>
    recipe.kind === 'go' && recipe.image !== undefined
      ? [[recipe.image.reference, { ...recipe.image, program: recipe.name }] as const]
      : [],
  ),
);

export const isMakeable = (reference: string): boolean => makeable.has(reference);

/** What an image is called when it is made here; undefined for one that cannot be. */
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
 * Makes an image of the toolchain's own program, which is slow from nothing (minutes), and says how long it took. Its name is
 * `madeName`.
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

/** A static program alone: no base image is needed. */
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
