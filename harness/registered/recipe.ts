import type { ToolName } from '../model/target.ts';

/** How a program says its version. */
export type VersionProbe =
  | { readonly kind: 'command'; readonly args: readonly string[]; readonly pattern: RegExp }
  /** For a program without a version command: the module version that the Go linker wrote into it. */
  | { readonly kind: 'go-build-info'; readonly module: string };

/** What holds for every program, however it is built. */
interface AnyRecipe {
  readonly name: ToolName;
  /** The version that is wanted. The lock files pin it, and a unit test compares both. */
  readonly version: string;
  readonly probe: VersionProbe;
  /** The one target that uses it; every target when left out. */
  readonly onlyOn?: string;
  /** True for a command line that programs of the platform find on their PATH. */
  readonly onScriptsPath?: boolean;
  /** Where an image of the docker target has it; left out where none has. */
  readonly inImage?: PlaceInImage;
}

/** A place in an image; `image` is a name that a provider has registered. */
export type PlaceInImage = FileInImage | TreeInImage;

/** A static program, of which the file alone is copied. */
interface FileInImage {
  readonly image: string;
  /** Its absolute path there. */
  readonly path: string;
}

/** A program that does not run without other files, which are gathered in a container of the image. */
interface TreeInImage {
  readonly image: string;
  /** The files by which a copy counts as complete, from its folder; the program first. */
  readonly files: readonly [string, ...string[]];
  readonly gatheredBy: {
    /** `file` of `toolchain/` is put into the container at the absolute path `to`. */
    readonly script: { readonly file: string; readonly to: string };
    readonly command: readonly [string, ...string[]];
    /** The absolute path of the folder in which the command leaves the files. */
    readonly folder: string;
  };
}

export interface GoRecipe extends AnyRecipe {
  readonly kind: 'go';
  /** A folder of `toolchain/go/` whose go.mod names the package as a `tool`, or that holds a main of our own. */
  readonly goModule: string;
  readonly goPackage: string;
  /** The line of go.mod that pins it. */
  readonly requirement: string;
  /** Variables that the linker sets, e.g. the version that the program reports. */
  readonly stamps: Readonly<Record<string, string>>;
  /**
   * About how long `go build` takes from nothing, in seconds, on two cores. Only the proportions matter: they decide what is built first.
   */
  readonly typicalBuildS: number;
  /** Build tags; none when left out. */
  readonly tags?: readonly string[];
  /**
   * Packages that are compiled together before this program is linked: its own, and those of the program that is built after it. They fill
   * the processors, where one would wait for a large package of the other by itself.
   */
  readonly compiledFirst?: readonly string[];
  /** False for a program that has to be linked in our own way; true when left out. */
  readonly takenFromPath?: boolean;
  /** Its official image, which the docker target makes of this program where it cannot be pulled. */
  readonly image?: OfficialImage;
  /** The version of a whole program that will do as well, where this one is slim. */
  readonly wholeVersion?: string;
}

export interface OfficialImage {
  /** The name by which it is asked for. */
  readonly reference: string;
  /** Where it has the program. */
  readonly path: string;
  /** The name of the made image, where the program is less than the official one. `reference` when left out. */
  readonly madeAs?: string;
}

interface PythonRecipe extends AnyRecipe {
  readonly kind: 'python';
  /** Its place in the virtual environment. */
  readonly program: string;
  /** False for a program that a version alone does not vouch for, because what it imports matters as much. */
  readonly takenFromPath: boolean;
}

export type Recipe = GoRecipe | PythonRecipe;

/** A program that says its version when it is given `--version`. */
export const versionFlag = (pattern: RegExp): VersionProbe => ({ kind: 'command', args: ['--version'], pattern });
