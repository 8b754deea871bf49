import { contentOfFile, type TreeEntry } from './tree.ts';

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

/**
 * The tree as a tar stream (ustar, POSIX.1-1988, names in UTF-8), one piece of a file in memory at a time.
 * @throws when a path is too long for the format.
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
