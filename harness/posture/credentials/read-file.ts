import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openFile } from '../../base/files.ts';
import { summaryOf } from '../../model/errors.ts';

type ReadFile =
  | { readonly kind: 'text'; readonly content: string }
  /** Too large to hold in memory; it is scanned line by line. */
  | { readonly kind: 'large'; readonly sizeBytes: number }
  /** Useless without a key, which is not beside it. */
  | { readonly kind: 'encrypted' }
  /** Contains no text; `mayHold` if its kind of file can hold credentials. */
  | { readonly kind: 'binary'; readonly mayHold: boolean }
  | { readonly kind: 'unread'; readonly reason: string };

/** Largest size of a file that is read as one text. */
const WHOLE_BYTES = 16 * 2 ** 20;

/** Archives, databases and key stores, which a text scan cannot read. */
const CONTAINERS =
  /\.(zip|t?gz|tar|t?bz2|t?xz|zst|7z|rar|jar|war|p12|pfx|jks|keystore|kdbx?|keytab|db|sqlite3?|bak|dump)$/i;

/** Returns the text of a file, decoded by its byte order mark or the pattern of its zero bytes, or why there is no text. */
export async function readFileForScan(path: string): Promise<ReadFile> {
  try {
    await using file = await openFile(path, 'r');
    const { size: sizeBytes } = await stat(path);
    return readBytes(path, await file.read(Math.min(sizeBytes, WHOLE_BYTES), 0), sizeBytes);
  } catch (error) {
    return { kind: 'unread', reason: summaryOf(error) };
  }
}

function readBytes(path: string, bytes: Buffer, sizeBytes: number): ReadFile {
  if (isEncrypted(path, bytes)) return { kind: 'encrypted' };
  if (/(?<!\.tar)\.gz$/i.test(path)) return readCompressed(path, bytes, sizeBytes);
  const encoding = encodingOf(bytes);
  if (encoding === undefined) return { kind: 'binary', mayHold: CONTAINERS.test(path) };
  if (sizeBytes <= WHOLE_BYTES) return { kind: 'text', content: new TextDecoder(encoding).decode(bytes) };
  if (encoding === 'utf-8') return { kind: 'large', sizeBytes };
  return { kind: 'unread', reason: `it has ${sizeBytes} bytes in ${encoding}` };
}

/** Reads one compressed file; dumps are often compressed. */
function readCompressed(path: string, bytes: Buffer, sizeBytes: number): ReadFile {
  if (sizeBytes > WHOLE_BYTES) return { kind: 'unread', reason: `it has ${sizeBytes} bytes, compressed` };
  try {
    const content = gunzipSync(bytes, { maxOutputLength: WHOLE_BYTES });
    return readBytes(path.replace(/\.gz$/i, ''), content, content.length);
  } catch (error) {
    return { kind: 'unread', reason: summaryOf(error) };
  }
}

function isEncrypted(path: string, bytes: Buffer): boolean {
  const beginning = bytes.subarray(0, 64).toString('latin1');
  if (
    /^(\$ANSIBLE_VAULT;|age-encryption\.org\/|-----BEGIN AGE ENCRYPTED FILE-----|-----BEGIN PGP MESSAGE-----|\0GITCRYPT\0)/.test(
      beginning,
    )
  )
    return true;
  return /^\.(gpg|age|pgp)$/i.test(extname(path)) && bytes.includes(0);
}

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** Returns undefined if it is not text. */
function encodingOf(bytes: Buffer): Encoding | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const sample = bytes.subarray(0, 4_096);
  if (!sample.includes(0)) return bytes.includes(0) ? undefined : 'utf-8';
  // UTF-16 without a byte order mark: nearly every second byte is zero, and no other.
  const zeros = [0, 0];
  for (const [index, byte] of sample.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const most = sample.length * 0.4;
  if (odd > most && even === 0) return 'utf-16le';
  return even > most && odd === 0 ? 'utf-16be' : undefined;
}

type FoundFile = { readonly path: string } | { readonly path: string; readonly unread: string };

/** Third-party code and the history, which the platform did not write. */
const LEFT_OUT = new Set(['node_modules', '.git']);

/**
 * Yields every file below a folder in name order, following links. A folder that links reach twice is walked once. An unreadable entry
 * comes with the reason.
 */
export async function* filesBelow(folder: string, seen = new Set<string>()): AsyncGenerator<FoundFile> {
  let entries: readonly string[];
  try {
    const real = await realpath(folder);
    if (seen.has(real)) return;
    seen.add(real);
    entries = (await readdir(folder)).toSorted();
  } catch (error) {
    yield { path: folder, unread: summaryOf(error) };
    return;
  }
  for (const name of entries) {
    if (LEFT_OUT.has(name)) continue;
    const path = join(folder, name);
    try {
      const found = await stat(path);
      if (found.isDirectory()) yield* filesBelow(path, seen);
      else if (found.isFile()) yield { path };
      else yield { path, unread: 'it is neither a file nor a folder' };
    } catch (error) {
      yield { path, unread: summaryOf(error) };
    }
  }
}
