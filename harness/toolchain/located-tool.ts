import type { ToolName } from '../model/tools.ts';

/**
 * `image …` names the image that the program was copied out of, and its digest. A program out of a pack lies in the cache, and was built on
 * another machine: it is called by the pack's digest.
 */
export type ToolSource = 'environment' | 'cache' | 'path' | 'built' | `image ${string}` | `pack ${string}`;

export interface LocatedTool {
  readonly name: ToolName;
  readonly version: string;
  readonly source: ToolSource;
  readonly path: string;
  /** Its entry in the cache, where that is not the one of builds. */
  readonly entryDir?: string;
}
