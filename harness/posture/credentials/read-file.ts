import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openFile } from '../../base/files.ts';
import { summaryOf } from '../../model/errors.ts';

type ReadFile =
  | { readonly kind: 'text'; readonly content: string }
  /** Larger than can be held as a whole: looked through by lines. */
  | { readonly kind: 'large'; readonly sizeBytes: number }
  /** Of no use without a key that is not beside it. */
  | { readonly kind: 'encrypted' }
  /** Holds no text; `mayHold` where credentials are kept in files of its kind. */
  | { readonly kind: 'binary'; readonly mayHold: boolean }
  | { readonly kind: 'unread'; readonly reason: string };

/** Up to this size a file is read as one text. */
const WHOLE_BYTES = 16 * 2 ** 20;

/** Archives, databases and stores of keys, whose content a scan of text does not see. */
const CONTAINERS =
  /\.(zip|t?gz|tar|t?bz2|t?xz|zst|7z|rar|jar|war|p12|pfx|jks|keystore|kdbx?|keytab|db|sqlite3?|bak|dump)$/i;

/** The text of a file in whatever encoding a byte order mark or its zero bytes show, or why there is none. */
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

/** One compressed file; a dump is often kept so. */
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

/** Undefined for what is no text. */
function encodingOf(bytes: Buffer): Encoding | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const sample = bytes.subarray(0, 4_096);
  if (!sample.includes(0)) return bytes.includes(0) ? undefined : 'utf-8';
  // Text in UTF-16 without a mark: nearly every second byte is zero, and no other is.
  const zeros = [0, 0];
  for (const [index, byte] of sample.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const most = sample.length * 0.4;
  if (odd > most && even === 0) return 'utf-16le';
  return even > most && odd === 0 ? 'utf-16be' : undefined;
}

type FoundFile = { readonly path: string } | { readonly path: string; readonly unread: string };

/** Others' code and the history: neither is written by the platform. */
const LEFT_OUT = new Set(['node_modules', '.git']);

/**
 * Every file below a folder, in the order of their names, links followed. A folder that links lead to twice is gone through once.
 * What cannot be looked at comes with the reason.
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
