import type { ToolName } from '../model/target.ts';

/** Way to read the version of a program. */
export type VersionProbe =
  | { readonly kind: 'command'; readonly args: readonly string[]; readonly pattern: RegExp }
  /** For a program without a version command: the module version that the Go linker stored in it. */
  | { readonly kind: 'go-build-info'; readonly module: string };

/** Fields of every recipe, however the program is built. */
interface AnyRecipe {
  readonly name: ToolName;
  /** Required version. The lock files pin it, and a unit test compares both. */
  readonly version: string;
  readonly probe: VersionProbe;
  /** The only target that uses it; every target when left out. */
  readonly onlyOn?: string;
  /** True for a command-line program on the PATH of the platform's programs. */
  readonly onScriptsPath?: boolean;
  /** Its place in an image of the docker target; left out if no image has it. */
  readonly inImage?: PlaceInImage;
}

/** A place in an image. `image` is a name that a provider has registered. */
export type PlaceInImage = FileInImage | TreeInImage;

/** A static program; only its file is copied. */
interface FileInImage {
  readonly image: string;
  /** Absolute path in the image. */
  readonly path: string;
}

/** A program that needs other files. They are gathered in a container of the image. */
interface TreeInImage {
  readonly image: string;
  /** Files of a complete copy, relative to its folder; the program first. */
  readonly files: readonly [string, ...string[]];
  readonly gatheredBy: {
    /** Script: `file` of `toolchain/`, copied into the container at the absolute path `to`. */
    readonly script: { readonly file: string; readonly to: string };
    readonly command: readonly [string, ...string[]];
    /** The absolute path of the folder in which the command leaves the files. */
    readonly folder: string;
  };
}

export interface GoRecipe extends AnyRecipe {
  readonly kind: 'go';
  /** Folder of `toolchain/go/` whose go.mod names the package as a `tool`, or that holds our own main package. */
  readonly goModule: string;
  readonly goPackage: string;
  /** Line of go.mod that pins it. */
  readonly requirement: string;
  /** Variables that the linker sets, e.g. the version that the program reports. */
  readonly stamps: Readonly<Record<string, string>>;
  /**
   * Approximate time of a `go build` without a cache, in seconds, on two cores. Only the proportions matter: they decide the order of
   * builds.
   */
  readonly typicalBuildS: number;
  /** Build tags; none when left out. */
  readonly tags?: readonly string[];
  /**
   * Packages to compile together before this program is linked: its own, and those of the next program. Together they keep all processors
   * busy, while one program alone would wait for a large package.
   */
  readonly compiledFirst?: readonly string[];
  /** False for a program that we have to link in our own way; true when left out. */
  readonly takenFromPath?: boolean;
  /** Its official image. If it cannot be pulled, the docker target makes it from this program. */
  readonly image?: OfficialImage;
  /** Version of the full program that can replace this slim one. */
  readonly wholeVersion?: string;
}

export interface OfficialImage {
  /** Reference with which it is requested. */
  readonly reference: string;
  /** Path of the program in the image. */
  readonly path: string;
  /** Name of the made image if its program is a reduced one. `reference` when left out. */
  readonly madeAs?: string;
}

interface PythonRecipe extends AnyRecipe {
  readonly kind: 'python';
  /** Its place in the virtual environment. */
  readonly program: string;
  /** False for a program whose version alone is no proof, because its imports matter as much. */
  readonly takenFromPath: boolean;
}

export type Recipe = GoRecipe | PythonRecipe;

/** Returns the probe for a program that prints its version for `--version`. */
export const versionFlag = (pattern: RegExp): VersionProbe => ({ kind: 'command', args: ['--version'], pattern });
