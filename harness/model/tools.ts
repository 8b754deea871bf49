/** A program that real parts run or are used with, by the name that the toolchain has a recipe for. */
export type ToolName = string;

/** Where every program is, once obtained. */
export interface Toolchain {
  /** @throws {ExplainedError} for a tool that this toolchain was not asked to obtain. */
  path(name: ToolName): string;
  readonly inUse: readonly ToolInUse[];
}

export interface ToolInUse {
  readonly name: string;
  readonly version: string;
  /**
   * Where the binary came from (`environment`, `cache`, `path`, `built`, `pack` with its digest, `wheel` with its file and digest, or `image`
   * with its reference and digest), or an image digest.
   */
  readonly source: string;
}
