import { glob, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Target } from '../model/target.ts';
import { sharedKubernetes } from '../systems/kubernetes/service.ts';
import { s3Store } from '../systems/s3/service.ts';

/** A secret value, and from where it is known. */
export interface Canary {
  readonly origin: string;
  readonly value: string;
}

/** Where a canary was found: a line of a text. The line itself is left out, because it holds the secret. */
export interface Leak {
  readonly origin: string;
  readonly where: string;
}

/** The credentials that a running target hands out: every drill on it knows them. */
export async function canariesOf(target: Target): Promise<readonly Canary[]> {
  await using place = await target.place(sharedKubernetes);
  const kubeconfig: { users: readonly { user: Record<string, string> }[] } = parse(
    await readFile(place.kubeconfigPath, 'utf8'),
  );
  const ofUsers = kubeconfig.users.flatMap(({ user }) =>
    ['token', 'password', 'client-key-data'].flatMap((name) => {
      const value = user[name];
      return value === undefined ? [] : [{ origin: `kubeconfig, ${name}`, value }];
    }),
  );
  const { accessKeyId, secretAccessKey } = await target.place(s3Store);
  return [
    ...ofUsers,
    { origin: 'S3, access key id', value: accessKeyId },
    { origin: 'S3, secret access key', value: secretAccessKey },
  ];
}

/**
 * Every line of a text that holds a canary: as it is, encoded for a URL, in hexadecimal, or in base64 at any place of a longer text. It
 * knows nothing of how the harness redacts.
 */
export function leaksIn(text: string, where: string, canaries: readonly Canary[]): readonly Leak[] {
  const wanted = canaries.map(({ origin, value }) => ({ origin, forms: formsOf(value) }));
  return text
    .split('\n')
    .flatMap((line, index) =>
      wanted.flatMap(({ origin, forms }) =>
        forms.some((form) => line.includes(form)) ? [{ origin, where: `${where}:${index + 1}` }] : [],
      ),
    );
}

/** The same for every file below a folder. @throws when there is none: nothing was searched then. */
export async function leaksBelow(folder: string, canaries: readonly Canary[]): Promise<readonly Leak[]> {
  const leaks: Leak[] = [];
  let files = 0;
  for await (const path of glob('**/*', { cwd: folder })) {
    if (!(await stat(join(folder, path))).isFile()) continue;
    files += 1;
    leaks.push(...leaksIn(path, `name of ${path}`, canaries));
    leaks.push(...leaksIn(await readFile(join(folder, path), 'latin1'), path, canaries));
  }
  if (files === 0) throw new Error(`${folder} holds no file: nothing was searched`);
  return leaks;
}

function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const inBase64 = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // The first and the last characters depend on what surrounds the value.
    return encoded.slice(before + 1, -2);
  });
  return [...new Set([value, encodeURIComponent(value), bytes.toString('hex'), ...inBase64])];
}
