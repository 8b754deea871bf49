import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { KUSTOMIZATIONS } from '../manifests/sources.ts';
import { ContractMistakeError, summaryOf } from '../model/errors.ts';

// A proof holds until one of the files behind it changes. This module finds those files: the contract file, the local modules that it
// imports, and the scripts, manifests and images that it names. In doubt it finds too many. One file too many costs a drill; one file too
// few lets a gate accept a proof of something else.

/** A file on which a promise depends. */
export interface ContractInput {
  /** Relative to the project's folder, with forward slashes. */
  readonly path: string;
  /** `sha256:…` of its bytes; for a script that is not executable, also of that fact. */
  readonly digest: string;
}

/** Known inputs of a promise before its files are read. */
export interface NamedInputs {
  readonly name: string;
  /** The contract file, relative to the project's folder. */
  readonly sourceFile: string | undefined;
  /** Paths that the contract passes to its asset, procedure or checks; relative to the platform's folder. */
  readonly reads: readonly string[];
  /** True where every file below a folder counts, even if a kustomization names only some of them. */
  readonly wholeFolders?: boolean;
}

export interface InputFolders {
  /** The project's folder. An absolute path. */
  readonly folder: string;
  /** Folder in which contracts name manifests and scripts. An absolute path. */
  readonly platformDir: string;
  /** Folder of the records: never an input. An absolute path. */
  readonly outDir: string;
}

/** Larger files are also inputs, but are not searched for the names of other files. */
const LARGEST_SEARCHED_BYTES = 2 ** 18;
/** No file system has longer names; looking one up is an error. */
const LONGEST_NAME = 255;
const NEVER = new Set(['.git', 'node_modules']);
/** Data and documentation run nothing: a drill does not read the files that they name. */
const NOT_SEARCHED = /\.(?:ya?ml|json|md|txt|csv)$/;
const SOURCE = /\.[cm]?[jt]sx?$/;
/** Extensions that a TypeScript import may leave out or write differently. */
const ENDINGS = ['', '.ts', '.mts', '.js', '.mjs', '.cjs', '/index.ts', '/index.mts', '/index.js', '/index.mjs'];

/**
 * Returns a function that lists the inputs of a promise, sorted by path. It reads each file once, however many promises share it. It finds:
 * - the contract file, and its relative imports, recursively;
 * - every path in quotes in those modules that names a file or a folder of the project, with a slash in it;
 * - `reads`: paths that were computed, and so appear in no text;
 * - files that a script or a kustomization of these names: `. ./lib.sh`, `manifests/*.yaml`, `resources: [cronjob.yaml]`, `../base`, and
 *   Python's `import helper`.
 *
 * It does not find packages of node_modules, files that a script fetches, and names in several parts (`"$dir/$name.sh"`).
 * @throws {ContractMistakeError} for a path in `reads` that does not exist or cannot be read.
 */
export function contractInputsIn(folders: InputFolders): (promise: NamedInputs) => Promise<readonly ContractInput[]> {
  const digests = new Map<string, Promise<string>>();
  const seen: Seen = { stats: new Map(), named: new Map() };
  return async (promise) => {
    const { files } = searchFor(promise, folders, seen);
    const inputs = await Promise.all(
      [...files].map(async (file): Promise<ContractInput> => {
        const digest = digests.get(file) ?? digestOf(file);
        digests.set(file, digest);
        return { path: relative(folders.folder, file).split(sep).join('/'), digest: await digest };
      }),
    );
    return inputs.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  };
}

/**
 * Returns the dependencies of a promise without their content: files, and folders of which every file counts, including added or removed
 * ones. Absolute paths.
 * @throws {ContractMistakeError} as {@link contractInputsIn}.
 */
export function inputPlacesOf(
  promise: NamedInputs,
  folders: InputFolders,
): { readonly files: ReadonlySet<string>; readonly wholeFolders: ReadonlySet<string> } {
  return searchFor(promise, folders);
}

function searchFor(
  { name, sourceFile, reads, wholeFolders = false }: NamedInputs,
  folders: InputFolders,
  seen: Seen = { stats: new Map(), named: new Map() },
): Search {
  const search = new Search(folders, wholeFolders, seen);
  if (sourceFile !== undefined) search.add(resolve(folders.folder, sourceFile), 'module');
  for (const path of reads) {
    try {
      search.add(resolve(folders.platformDir, path), 'of the platform');
    } catch (error) {
      throw new ContractMistakeError(
        {
          thing: `contract "${name}"`,
          expected: `${path} to be a file or a folder`,
          observed: summaryOf(error),
          nextStep: `Correct the path in the contract; it is read from ${folders.platformDir}.`,
        },
        { cause: error },
      );
    }
  }
  return search;
}

/** A contract file or one of its imports; or a script, a manifest or any other file. */
type Role = 'module' | 'of the platform';

/** Findings about files that are shared between contracts, because these name the same scripts. */
interface Seen {
  readonly stats: Map<string, Stats | undefined>;
  /** Existing files that a text names, by its file and role. */
  readonly named: Map<string, ReadonlyMap<string, Role>>;
}

class Search {
  readonly files = new Set<string>();
  readonly wholeFolders = new Set<string>();
  readonly #folders: InputFolders;
  readonly #takesWholeFolders: boolean;
  readonly #foldersSeen = new Set<string>();
  readonly #seen: Seen;

  constructor(folders: InputFolders, takesWholeFolders: boolean, seen: Seen) {
    this.#folders = folders;
    this.#takesWholeFolders = takesWholeFolders;
    this.#seen = seen;
  }

  /** @throws when there is no such file or folder. */
  add(path: string, role: Role): void {
    const stats = statSync(path);
    if (stats.isDirectory()) this.#addFolder(path);
    else if (stats.isFile()) this.#addFile(path, stats, role);
  }

  #addFolder(path: string): void {
    // A link may lead back to a folder that contains it.
    const place = realpathSync(path);
    if (this.#foldersSeen.has(place) || path === this.#folders.outDir) return;
    this.#foldersSeen.add(place);
    const entries = readdirSync(path).filter((each) => !NEVER.has(each));
    const kustomizations = entries.filter((each) => KUSTOMIZATIONS.includes(each));
    const isWhole = kustomizations.length === 0 || this.#takesWholeFolders;
    if (isWhole) this.wholeFolders.add(path);
    const wanted = isWhole ? entries : kustomizations;
    for (const each of wanted) this.#addIfThere(join(path, each), 'of the platform');
    // kustomize looks for charts there by default (https://github.com/kubernetes-sigs/kustomize/blob/master/api/types/helmchartargs.go).
    if (kustomizations.length > 0) this.#addIfThere(join(path, 'charts'), 'of the platform');
  }

  #addFile(path: string, stats: Stats, role: Role): void {
    if (this.files.has(path)) return;
    this.files.add(path);
    const key = `${role} ${path}`;
    const named = this.#seen.named.get(key) ?? this.#namedIn(path, stats, role);
    this.#seen.named.set(key, named);
    for (const [each, as] of named) this.#addIfThere(each, as);
  }

  #namedIn(path: string, { size }: Stats, role: Role): ReadonlyMap<string, Role> {
    const isKustomization = KUSTOMIZATIONS.includes(basename(path));
    if (size > LARGEST_SEARCHED_BYTES || (NOT_SEARCHED.test(path) && !isKustomization)) return new Map();
    const bytes = readFileSync(path);
    if (bytes.includes(0)) return new Map();
    const text = bytes.toString('utf8');
    const named = new Named(path, this.#folders, (each) => this.#statsOf(each) !== undefined);
    if (role === 'module') named.followModule(text);
    else named.followText(text, isKustomization);
    return named.there;
  }

  #addIfThere(path: string, role: Role): void {
    const stats = this.#statsOf(path);
    if (stats?.isDirectory()) this.#addFolder(path);
    else if (stats?.isFile()) this.#addFile(path, stats, role);
  }

  #statsOf(path: string): Stats | undefined {
    const { stats } = this.#seen;
    if (!stats.has(path)) stats.set(path, statSync(path, { throwIfNoEntry: false }));
    return stats.get(path);
  }
}

const RELATIVE = /^\.{1,2}\//;

const quotedIn = (text: string): readonly string[] =>
  Array.from(text.matchAll(/['"`]([^'"`\n$]{2,512})(?=['"`])/g), ([, quoted = '']) => quoted);

/** Returns the absolute paths that a module may import from its own project, whether or not they exist. */
export const possibleImports = (module: string, text: string): readonly string[] =>
  quotedIn(text)
    .filter((quoted) => RELATIVE.test(quoted))
    .flatMap((quoted) => ENDINGS.map((ending) => resolve(dirname(module), quoted + ending)));

/** Existing files that the text of one file seems to name. */
class Named {
  readonly there = new Map<string, Role>();
  readonly #by: string;
  readonly #folders: InputFolders;
  readonly #isThere: (path: string) => boolean;
  /** Most names in a text are not files. */
  readonly #tried = new Set<string>();

  constructor(by: string, folders: InputFolders, isThere: (path: string) => boolean) {
    this.#by = by;
    this.#folders = folders;
    this.#isThere = isThere;
  }

  followModule(text: string): void {
    for (const path of possibleImports(this.#by, text)) this.#addImport(path);
    for (const quoted of quotedIn(text)) {
      if (!RELATIVE.test(quoted) && quoted.includes('/')) {
        this.#addMention(resolve(this.#folders.platformDir, quoted));
        this.#addMention(resolve(this.#folders.folder, quoted));
      }
    }
  }

  followText(text: string, isKustomization: boolean): void {
    const path = this.#by;
    for (const [token] of text.matchAll(/[\w@.+/-]{1,512}/g)) {
      const trimmed = token.replace(/\.+$/, '').replace(/^\/+|\/+$/g, '');
      // `manifests/*.yaml` reads as manifests/, and every file there counts.
      const isFolder = token.endsWith('/');
      if (isKustomization) this.#addMention(resolve(dirname(path), trimmed));
      // `$HERE/lib/common.sh` reads as HERE/lib/common.sh: the value of a variable is unknown, so the first segments may be dropped.
      const segments = trimmed.split('/');
      for (let from = 0; from < segments.length; from += 1) {
        const rest = segments.slice(from).join('/');
        if (rest === '' || (!isFolder && !/[./]/.test(rest))) continue;
        this.#addMention(resolve(dirname(path), rest));
        this.#addMention(resolve(this.#folders.platformDir, rest));
      }
    }
    if (path.endsWith('.py')) this.#followPython(text);
  }

  /** Modules beside the script, where Python looks first. */
  #followPython(text: string): void {
    for (const [, from, names] of text.matchAll(
      /^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([\w., \t]+))/gm,
    )) {
      for (const name of (from ?? names ?? '').split(',')) {
        const [module = ''] = name.trim().split(/[ \t]/);
        const parts = module.split('.').filter((part) => part !== '');
        for (let to = parts.length; to > 0; to -= 1) {
          const place = resolve(dirname(this.#by), ...parts.slice(0, to));
          this.#addMention(`${place}.py`);
          this.#addMention(place);
        }
      }
    }
  }

  /** Adds a local module, even outside of the project's folder, or a file that is read like one. */
  #addImport(path: string): void {
    if (this.#isNever(path) || !this.#isThere(path)) return;
    this.there.set(path, SOURCE.test(path) ? 'module' : 'of the platform');
  }

  /** Adds a file that a text seems to name, if it exists and belongs to the project. */
  #addMention(path: string): void {
    const { folder, platformDir } = this.#folders;
    if (this.#isNever(path) || (!isBelow(path, folder) && !isBelow(path, platformDir))) return;
    if (this.#isThere(path) && !this.there.has(path)) this.there.set(path, 'of the platform');
  }

  /** A text names neither itself nor a folder that contains it. */
  #isNever(path: string): boolean {
    const { outDir } = this.#folders;
    const by = this.#by;
    if (path === by || isBelow(by, path) || path === outDir || isBelow(path, outDir)) return true;
    if (this.#tried.has(path)) return true;
    this.#tried.add(path);
    return path.split(sep).some((part) => NEVER.has(part) || part.length > LONGEST_NAME);
  }
}

const isBelow = (path: string, folder: string): boolean =>
  path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(
    createReadStream(file),
    async function* mayRun(chunks: AsyncIterable<Buffer>) {
      let isScript: boolean | undefined;
      for await (const chunk of chunks) {
        isScript ??= chunk.subarray(0, 2).toString('latin1') === '#!';
        yield chunk;
      }
      // A drill runs it, and fails when it is not executable.
      if (isScript === true && (statSync(file).mode & 0o111) === 0) yield Buffer.from('\0not executable');
    },
    hash,
  );
  return `sha256:${hash.digest('hex')}`;
}
