import { createReadStream } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import type { Comparison } from '../../model/comparison.ts';
import type { PostureDifference, UndecidedItem } from '../../model/posture.ts';
import { fromPlatformFolder, platformPath } from '../../process/platform-folder.ts';
import {
  credentialFields,
  documentsIn,
  filesOfGenerators,
  type GeneratorFile,
  generatedFields,
  isKustomization,
  isStructured,
} from './documents.ts';
import { credentialLines } from './lines.ts';
import { filesBelow, readFileForScan } from './read-file.ts';
import { isHarmless, passwordIn } from './values.ts';

/** Approximate number of characters per scanned piece of a text. */
const PIECE_CHARACTERS = 2 ** 20;
/** Number of unread files named as examples, beside the count. */
const NAMED = 5;

/**
 * Scans every file of those folders for credentials: by secretlint's patterns for known kinds, by the names of fields in manifests and
 * other documents, and by the lines of scripts and settings. It never shows values.
 */
export async function scanForCredentials(folders: readonly string[], signal: AbortSignal): Promise<Comparison> {
  const scan = new Scan(signal);
  const paths: string[] = [];
  for (const folder of folders) {
    for await (const file of filesBelow(platformPath(folder))) {
      signal.throwIfAborted();
      if ('unread' in file) scan.unread(file.path, file.unread);
      else paths.push(file.path);
    }
  }
  for (const path of paths.filter(isKustomization)) await scan.noteGenerators(path);
  for (const path of new Set([...paths, ...scan.generatorPaths()])) await scan.file(path);
  return scan.result();
}

class Scan {
  readonly #signal: AbortSignal;
  readonly #differences: PostureDifference[] = [];
  readonly #undecided: UndecidedItem[] = [];
  readonly #binary: string[] = [];
  readonly #encrypted: string[] = [];
  readonly #byLines: string[] = [];
  readonly #generated = new Map<string, GeneratorFile>();
  #files = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  unread(path: string, reason: string): void {
    this.#undecided.push({
      item: fromPlatformFolder(path),
      reason: `it could not be read: ${reason}`,
      cause: 'file-not-read',
    });
  }

  async noteGenerators(path: string): Promise<void> {
    const file = await readFileForScan(path);
    if (file.kind !== 'text') return;
    for (const each of filesOfGenerators(file.content)) this.#generated.set(resolve(dirname(path), each.path), each);
  }

  generatorPaths(): Iterable<string> {
    return this.#generated.keys();
  }

  async file(path: string): Promise<void> {
    this.#signal.throwIfAborted();
    const name = fromPlatformFolder(path);
    const file = await readFileForScan(path);
    switch (file.kind) {
      case 'text':
        this.#files += 1;
        this.#differences.push(...(await credentialsIn(name, file.content, this.#generated.get(path))));
        if (unreadDocuments(name, file.content)) this.#byLines.push(name);
        return;
      case 'large':
        this.#files += 1;
        for await (const piece of piecesOf(path))
          this.#differences.push(...(await credentialsIn(name, piece.text, undefined, piece.firstLine)));
        this.#byLines.push(name);
        return;
      case 'encrypted':
        this.#encrypted.push(name);
        return;
      case 'binary':
        if (file.mayHold) this.unread(path, 'it is an archive or a store of keys');
        else this.#binary.push(name);
        return;
      case 'unread':
        this.unread(path, file.reason);
    }
  }

  result(): Comparison {
    return {
      of: 'files',
      compared: this.#files,
      differences: this.#differences,
      undecided: this.#undecided,
      notVerified: [
        'the history of the files',
        ...counted(this.#binary, 'binary'),
        ...counted(this.#encrypted, 'encrypted'),
        ...counted(this.#byLines, 'read by their lines and not as documents'),
      ],
    };
  }
}

function counted(names: readonly string[], how: string): readonly string[] {
  if (names.length === 0) return [];
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return [
    `${names.length} ${names.length === 1 ? 'file' : 'files'} ${how} (${names.slice(0, NAMED).join(', ')}${more})`,
  ];
}

const unreadDocuments = (path: string, content: string): boolean =>
  isStructured(path, content) && documentsIn(content).problem !== undefined;

/**
 * Finds the credentials in one text.
 * @param path its name for the reader.
 * @param generated how a kustomization makes a Secret of it; undefined if none does.
 */
async function credentialsIn(
  path: string,
  content: string,
  generated?: GeneratorFile,
  firstLine = 1,
): Promise<readonly PostureDifference[]> {
  const fields = isStructured(path, content)
    ? documentsIn(content).parsed.flatMap((document) => [...credentialFields(document)])
    : [];
  if (generated !== undefined) fields.push(...generatedFields(generated, content));
  const known = await knownKinds(path, content);
  const values = new Set(fields.map(({ value }) => value));
  const lines = new Set(known.map(({ line }) => line));
  const found = known.map(({ line, kind }) => difference(`${path}:${line + firstLine - 1}`, `one (${kind})`));
  for (const { field } of fields) found.push(difference(`${path}: ${field}`, 'a value'));
  for (const { line, kind, value } of credentialLines(path, content)) {
    if (lines.has(line) || values.has(value)) continue;
    lines.add(line);
    found.push(difference(`${path}:${line + firstLine - 1}`, `one (${kind})`));
  }
  return found;
}

/** Finds the kinds that secretlint recognises by their form. */
async function knownKinds(path: string, content: string) {
  // Loaded on first use, so listing contracts does not wait for it.
  const [{ lintSource }, { creator: rule }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  const rules = [{ id: '@secretlint/secretlint-rule-preset-recommend', rule, options: {} }];
  const found: { readonly line: number; readonly kind: string }[] = [];
  let before = 0;
  for (const piece of pieces(content)) {
    const { messages } = await lintSource({
      source: { filePath: path, content: piece, contentType: 'text', ext: extname(path) },
      options: { maskSecrets: true, noPhysicFilePath: true, config: { rules } },
    });
    for (const { loc, range, messageId } of messages) {
      if (!isFilledInLater(piece.slice(...range))) found.push({ line: before + loc.start.line, kind: messageId });
    }
    before += piece.split('\n').length - 1;
  }
  return found;
}

/** A URL with a placeholder as password has the form of a credential, but is none. */
const isFilledInLater = (text: string): boolean =>
  isHarmless(text) || (/:\/\/[^@\s]*@/.test(text) && passwordIn(text) === undefined);

/** Splits a text into pieces at line ends. */
function* pieces(content: string): Generator<string> {
  for (let from = 0; from < content.length; ) {
    const end = content.length - from <= PIECE_CHARACTERS ? -1 : content.lastIndexOf('\n', from + PIECE_CHARACTERS);
    const to = end <= from ? Math.min(content.length, from + PIECE_CHARACTERS) : end + 1;
    yield content.slice(from, content.length - from <= PIECE_CHARACTERS ? content.length : to);
    from = content.length - from <= PIECE_CHARACTERS ? content.length : to;
  }
}

/** Reads a file too large to hold in memory, in pieces that end at line ends unless a line is longer than a piece. */
async function* piecesOf(path: string): AsyncGenerator<{ readonly text: string; readonly firstLine: number }> {
  let rest = '';
  let firstLine = 1;
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: PIECE_CHARACTERS })) {
    rest += String(chunk);
    const end = rest.lastIndexOf('\n') + 1;
    const text = end === 0 && rest.length > 4 * PIECE_CHARACTERS ? rest : rest.slice(0, end);
    if (text === '') continue;
    yield { text, firstLine };
    firstLine += text.split('\n').length - 1;
    rest = rest.slice(text.length);
  }
  if (rest !== '') yield { text: rest, firstLine };
}

const difference = (item: string, found: string): PostureDifference => ({
  item,
  expected: 'no credential',
  found,
  nextStep: 'Put REPLACE_WITH_… in its place, keep the value where secrets are kept, and revoke what was published.',
  cause: 'credential-in-file',
});
