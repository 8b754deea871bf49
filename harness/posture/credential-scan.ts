import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { PostureDifference } from '../model/posture.ts';
import { fromPlatformFolder, platformPath } from '../process/platform-folder.ts';

export interface CredentialScan {
  readonly files: number;
  readonly found: readonly PostureDifference[];
}

/** Larger files are data, not manifests or scripts. */
const MAX_BYTES = 2 ** 20;

/**
 * Looks through every file of those folders for credentials: by secretlint's patterns for known kinds, and, since a made-up
 * password has no pattern, by what a Secret manifest says besides its placeholders. Values are never shown.
 */
export async function scanForCredentials(folders: readonly string[], signal: AbortSignal): Promise<CredentialScan> {
  const found: PostureDifference[] = [];
  let files = 0;
  for (const folder of folders) {
    for await (const path of filesBelow(platformPath(folder))) {
      signal.throwIfAborted();
      const content = await readFile(path);
      if (content.byteLength > MAX_BYTES || content.includes(0)) continue;
      files += 1;
      for (const each of await credentialsIn(fromPlatformFolder(path), content.toString('utf8'))) found.push(each);
    }
  }
  return { files, found };
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    if (entry.name === 'node_modules' || entry.name === '.git') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/** @param path how it is named to a reader. */
export async function credentialsIn(path: string, content: string): Promise<readonly PostureDifference[]> {
  // Loaded when it is used: who only lists contracts does not wait for it.
  const [{ lintSource }, { creator: rule }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  const rules = [{ id: '@secretlint/secretlint-rule-preset-recommend', rule, options: {} }];
  const { messages } = await lintSource({
    source: { filePath: path, content, contentType: 'text', ext: extname(path) },
    options: { maskSecrets: true, noPhysicFilePath: true, config: { rules } },
  });
  const known = messages.map(({ loc, messageId }) => difference(`${path}:${loc.start.line}`, `one (${messageId})`));
  return [...known, ...(/\.ya?ml$/.test(path) ? secretManifests(path, content) : [])];
}

const secretManifest = z.looseObject({
  kind: z.literal('Secret'),
  metadata: z.looseObject({ name: z.string() }),
  data: z.record(z.string(), z.unknown()).optional(),
  stringData: z.record(z.string(), z.unknown()).optional(),
});

/** What stands for a credential until somebody replaces it. */
const PLACEHOLDER = /REPLACE_WITH_[A-Z0-9_]+/;
/** Keys whose value nobody has to hide. */
const HARMLESS_KEY = /^(username|user|host|hostname|port|region|endpoint|url|database|ca\.crt)$/i;

function* secretManifests(path: string, content: string): Generator<PostureDifference> {
  for (const document of parseAllDocuments(content)) {
    if (document.errors.length > 0) continue;
    const secret = secretManifest.safeParse(document.toJS());
    if (!secret.success) continue;
    const { data = {}, stringData = {}, metadata } = secret.data;
    const decoded = Object.entries(data).map(
      ([key, value]) => [key, Buffer.from(String(value), 'base64').toString('utf8')] as const,
    );
    for (const [key, value] of [...decoded, ...Object.entries(stringData)]) {
      const text = String(value ?? '');
      if (text === '' || PLACEHOLDER.test(text) || HARMLESS_KEY.test(key)) continue;
      yield difference(`${path}: Secret ${metadata.name}, ${key}`, 'a value');
    }
  }
}

const difference = (item: string, found: string): PostureDifference => ({
  item,
  expected: 'no credential',
  found,
  nextStep: 'Put REPLACE_WITH_… in its place, keep the value where secrets are kept, and revoke what was published.',
});
