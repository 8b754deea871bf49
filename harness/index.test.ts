import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as vitestEntry from './contract/vitest-target.ts';
import * as entry from './index.ts';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

/** Where each name comes from, types included, as the entry says. */
async function reExported(): Promise<ReadonlyMap<string, string>> {
  const lines = (await read('./index.ts')).matchAll(/^export (?:type )?\{\s*([^}]+?),?\s*\} from '([^']+)';$/gm);
  return new Map(
    [...lines].flatMap(([, names = '', path = '']) =>
      names.split(',').map((name) => [name.trim().replace(/^type /, ''), path]),
    ),
  );
}

async function documented(): Promise<readonly string[]> {
  const headings = (await read('../docs/api.md')).matchAll(/^### `(\w+)/gm);
  return [...headings].map(([, name = '']) => name);
}

describe('the public API', () => {
  it('is what docs/api.md has a heading for, and nothing else', async () => {
    const ofVitest = ['setup', 'ProvidedContext'];
    expect(Object.keys(vitestEntry)).toEqual(['setup']);
    expect((await documented()).toSorted()).toEqual([...(await reExported()).keys(), ...ofVitest].toSorted());
  });

  it('is re-exported by name, so that the page can be compared with it', async () => {
    const names = await reExported();
    expect(Object.keys(entry).filter((name) => !names.has(name))).toEqual([]);
  });

  it('has a comment on each of its parts where it is declared', async () => {
    for (const [name, path] of await reExported()) {
      const declared = new RegExp(`\\*/\\nexport (?:async )?(?:function|const|interface|type) ${name}\\b`);
      const via = new RegExp(`export (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\} from '([^']+)'`);
      let text = await read(path);
      const next = via.exec(text)?.[1];
      if (next !== undefined) text = await read(new URL(next, new URL(path, import.meta.url)).href);
      expect(text, `${name} in ${path}`).toMatch(declared);
    }
  });
});
