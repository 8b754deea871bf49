import { createHash } from 'node:crypto';
import { bytesFor } from '../generate.ts';

/** One thing in a volume, as it is seeded. Paths are relative, without a leading `./`. */
export type TreeEntry = {
  readonly path: string;
  /** Permission bits, sticky, set-user and set-group bits included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970. */
  readonly modifiedSeconds: number;
} & (
  | { readonly type: 'folder' }
  | { readonly type: 'link'; readonly target: string }
  | { readonly type: 'file'; readonly sizeBytes: number }
);

export type FileEntry = Extract<TreeEntry, { type: 'file' }>;

export interface TreePlan {
  /** So many small files. */
  readonly files: number;
  /** Size of the one large file. */
  readonly largestBytes: number;
}

const FILES_A_FOLDER = 100;
const FIRST_MODIFIED_SECONDS = 1_600_000_000;
const FILE_MODES = [0o644, 0o600, 0o755, 0o444, 0o640, 0o4755] as const;
const OWNERS = [
  [0, 0],
  [1000, 1000],
  [65_534, 100],
] as const;
/** Spaces, hidden names, other scripts, characters beyond 16 bits, shell syntax, a trailing dot, a name as long as tar allows. */
const NAMES = [
  (index: string) => `file-${index}.dat`,
  (index: string) => `.hidden-${index}`,
  (index: string) => `a name with spaces ${index}.txt`,
  (index: string) => `größe-Ω-漢字-${index}`,
  (index: string) => `🗄 ${index}.bin`,
  (index: string) => `$(quoted) '${index}' "&" *.`,
  (index: string) => `long-${'x'.repeat(50)}-${index}`,
] as const;

/**
 * What a volume is seeded with, a folder always before what is in it: small files of 0 to 4 KiB with several modes and owners, one large
 * file, empty folders, links that lead somewhere, nowhere and out of the volume. The same plan gives the same tree.
 */
export function* treeOf({ files, largestBytes }: TreePlan): Generator<TreeEntry> {
  for (let index = 0; index < files; index += 1) {
    const folder = `data/${pad(Math.floor(index / FILES_A_FOLDER), 4)}`;
    if (index === 0) yield folderEntry('data', 0o755, index);
    if (index % FILES_A_FOLDER === 0) yield folderEntry(folder, index % 200 === 0 ? 0o755 : 0o2770, index);
    const name = NAMES[index % NAMES.length]?.(pad(index, 6)) ?? pad(index, 6);
    yield { type: 'file', path: `${folder}/${name}`, sizeBytes: smallSize(index), ...attributes(index) };
  }
  yield folderEntry('empty folders', 0o755, 1);
  for (const [name, mode] of [
    ['plain', 0o755],
    ['private', 0o700],
    ['.hidden', 0o755],
    ['drop box', 0o1777],
  ] as const) {
    yield folderEntry(`empty folders/${name}`, mode, 2);
  }
  yield { type: 'file', path: 'large.bin', sizeBytes: largestBytes, ...attributes(1) };
  for (const [path, target] of [
    ['link to the large file', 'large.bin'],
    ['empty folders/link up', '../large.bin'],
    ['link to a folder', 'empty folders'],
    ['link to nothing', 'no such/🗄'],
    ['link out', '/etc/hostname'],
  ] as const) {
    yield { type: 'link', path, target, ...attributes(0), mode: 0o777 };
  }
}

/** The content of a planned file, piece by piece: as much as is asked for, the same for the same drill and path. */
export function* contentOfFile(
  drillId: string,
  { path, sizeBytes }: FileEntry,
  pieceBytes = 1 << 18,
): Generator<Buffer> {
  for (let at = 0; at < sizeBytes; at += pieceBytes) {
    yield bytesFor(`${drillId}/${path}/${at}`, Math.min(pieceBytes, sizeBytes - at));
  }
}

export function digestOfFile(drillId: string, file: FileEntry): string {
  const hash = createHash('sha256');
  for (const piece of contentOfFile(drillId, file)) hash.update(piece);
  return hash.digest('hex');
}

function folderEntry(path: string, mode: number, index: number): TreeEntry {
  return { type: 'folder', path, ...attributes(index), mode };
}

function attributes(index: number): Pick<TreeEntry, 'mode' | 'uid' | 'gid' | 'modifiedSeconds'> {
  const [uid, gid] = OWNERS[index % OWNERS.length] ?? [0, 0];
  return {
    mode: FILE_MODES[index % FILE_MODES.length] ?? 0o644,
    uid,
    gid,
    modifiedSeconds: FIRST_MODIFIED_SECONDS + index * 61,
  };
}

/** Every tenth is empty; the others vary up to 4 KiB. */
function smallSize(index: number): number {
  return index % 10 === 9 ? 0 : (index * 397) % 4_097;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
