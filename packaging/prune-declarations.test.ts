import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { declarationsOf } from './packed-manifest.ts';
import { pruneDeclarations } from './prune-declarations.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-prune-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

it('keeps what an entry leads to, and everything that is no declaration', async () => {
  await write({
    'index.d.ts': `import './side.ts';\nexport type { A } from "./model/a.ts";\n`,
    'side.d.ts': '',
    'model/a.d.ts': `export declare const b: import("../deep/b.ts").B;\n`,
    'deep/b.d.ts': `export * from '../index.ts';\n`,
    'deep/unused.d.ts': '',
    'deep/unused.js': '',
  });
  await pruneDeclarations(folder, ['index.d.ts']);
  const left = (await readdir(folder, { recursive: true })).filter((name) => /\.[a-z]+$/.test(name));
  expect(left.toSorted()).toEqual(['deep/b.d.ts', 'deep/unused.js', 'index.d.ts', 'model/a.d.ts', 'side.d.ts']);
});

it('fails where a declaration names one that is not there', async () => {
  await write({ 'index.d.ts': `export * from './gone.ts';\n` });
  await expect(pruneDeclarations(folder, ['index.d.ts'])).rejects.toThrow(/gone\.d\.ts/);
});

it('begins at the exports of the manifest', () => {
  const exports = { '.': './harness/index.ts', './spi': './harness/spi.ts', './package.json': './package.json' };
  expect(declarationsOf({ exports })).toEqual(['index.d.ts', 'spi.d.ts']);
});
