import type { ToolName } from '../model/tools.ts';
import type { Recipe } from '../registered/recipe.ts';
import type { LocatedTool } from './located-tool.ts';

/** A place that has programs which need no build, e.g. the images of the docker target. */
export interface ReadyMade {
  /**
   * What `take` would do, as far as that is known without fetching, starting or copying anything.
   * @returns undefined where this place has no such program.
   */
  look(recipe: Recipe): Promise<LocatedTool | Promised | Refusal | undefined>;
  /** The program, put into the tool cache where it is not there yet. */
  take(recipe: Recipe): Promise<LocatedTool | Refusal | undefined>;
  /** Why programs were not taken from here, of those that were asked for. */
  readonly refusals: ReadonlyMap<ToolName, Refusal>;
}

/** Why a program is not taken from a place. */
export interface Refusal {
  readonly refused: string;
  /** What the user can do about it. */
  readonly fix: string;
}

/** A program that will be taken from there once it is needed. */
export interface Promised {
  /** For a reader, e.g. the image with its digest. */
  readonly from: string;
  /** Set where that place has to be fetched first, which may fail. */
  readonly fetch?: string;
}

type Found = LocatedTool | Refusal | Promised;
export const isRefusal = (found: Found): found is Refusal => 'refused' in found;
export const isPromised = (found: Found): found is Promised => 'from' in found;
export const isLocated = (found: Found): found is LocatedTool => 'path' in found;
