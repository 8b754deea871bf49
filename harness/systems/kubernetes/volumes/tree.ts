import { createHash } from 'node:crypto';
import { bytesFor } from '../generate.ts';

/** One seeded file, folder or link in a volume. Paths are relative, without a leading `./`. */
type TreeEntry = {
  readonly path: string;
  /** Permission bits, including the sticky, set-user and set-group bits. */
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

interface TreePlan {
  /** Number of small files. */
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
 * Yields the seeded content of a volume, each folder before its content: small files of 0 to 4 KiB with several modes and owners, one large
 * file, empty folders, and valid links, broken links and links out of the volume. The same plan gives the same tree.
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

/** Yields the content of a planned file in pieces: always the same for the same drill and path. */
function* contentOfFile(drillId: string, { path, sizeBytes }: FileEntry, pieceBytes = 1 << 18): Generator<Buffer> {
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

/** Returns the size of a small file. Every tenth is empty; the others vary up to 4 KiB. */
function smallSize(index: number): number {
  return index % 10 === 9 ? 0 : (index * 397) % 4_097;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

/**
 * Yields the tree as a tar stream (ustar, POSIX.1-1988, names in UTF-8), with one piece of a file in memory at a time.
 * @throws if a path is too long for the format.
 */
export function* tarOf(drillId: string, entries: Iterable<TreeEntry>): Generator<Buffer> {
  for (const entry of entries) {
    yield headerOf(entry);
    if (entry.type !== 'file') continue;
    yield* contentOfFile(drillId, entry);
    const rest = entry.sizeBytes % BLOCK_BYTES;
    if (rest > 0) yield Buffer.alloc(BLOCK_BYTES - rest);
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

function headerOf(entry: TreeEntry): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const { name, prefix } = splitPath(entry.type === 'folder' ? `${entry.path}/` : entry.path);
  name.copy(header, 0);
  octal(header, 100, 8, entry.mode);
  octal(header, 108, 8, entry.uid);
  octal(header, 116, 8, entry.gid);
  octal(header, 124, 12, entry.type === 'file' ? entry.sizeBytes : 0);
  octal(header, 136, 12, entry.modifiedSeconds);
  header.write('        ', 148, 'latin1');
  header.write({ file: '0', link: '2', folder: '5' }[entry.type], 156, 'latin1');
  if (entry.type === 'link') fitting(entry.target, NAME_BYTES).copy(header, 157);
  header.write('ustar\u000000', 257, 'latin1');
  prefix.copy(header, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'latin1');
  return header;
}

/** A path longer than the name field is split at a slash between prefix and name. */
function splitPath(path: string): { readonly name: Buffer; readonly prefix: Buffer } {
  const whole = Buffer.from(path);
  if (whole.length <= NAME_BYTES) return { name: whole, prefix: Buffer.alloc(0) };
  const slash = whole.indexOf('/', whole.length - NAME_BYTES - 1);
  if (slash < 1 || slash > PREFIX_BYTES || slash === whole.length - 1) {
    throw new Error(`the path ${path} is too long for a tar archive`);
  }
  return { name: whole.subarray(slash + 1), prefix: whole.subarray(0, slash) };
}

function fitting(text: string, limitBytes: number): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > limitBytes) throw new Error(`the link target ${text} is too long for a tar archive`);
  return bytes;
}

function octal(header: Buffer, at: number, width: number, value: number): void {
  header.write(`${value.toString(8).padStart(width - 1, '0')}\u0000`, at, 'latin1');
}
