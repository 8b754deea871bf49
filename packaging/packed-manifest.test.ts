import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { packedFiles, packedManifest } from './packed-manifest.ts';

const names = z.record(z.string(), z.string());

describe('the manifest of the tarball', () => {
  it('exports what was compiled, with its types, and leaves what is no module', () => {
    const { exports } = packedManifest({
      exports: { '.': './harness/index.ts', './vitest': './harness/contract/a.ts', './package.json': './package.json' },
    });
    expect(exports).toEqual({
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './vitest': { types: './dist/contract/a.d.ts', default: './dist/contract/a.js' },
      './package.json': './package.json',
    });
  });

  it('keeps dependencies and name, and leaves scripts and development tools at home', () => {
    const packed = packedManifest({
      name: 'x',
      exports: {},
      scripts: { prepack: 'x' },
      dependencies: { zod: '4' },
      devDependencies: { vitest: '5' },
    });
    expect(packed).toEqual({ name: 'x', exports: {}, dependencies: { zod: '4' } });
  });
});

describe('the files of the tarball', () => {
  it('are those that package.json lists, with README and licence, and compiled code instead of a dist folder', () => {
    expect(packedFiles({ exports: {}, files: ['bin', 'dist', 'docs'] })).toEqual([
      'bin',
      'docs',
      'README.md',
      'LICENSE',
    ]);
  });
});

describe('the manifest of the source tree', () => {
  it('E06: what an installation brings has no program called node, which npm scripts would run instead of theirs', async () => {
    const manifest = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
    const { dependencies, optionalDependencies = {} } = z
      .object({ dependencies: names, optionalDependencies: names.optional() })
      .parse(packedManifest(manifest));
    expect(Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => /^node(-|$)/.test(name))).toEqual(
      [],
    );
  });

  it('E07: vitest 3.2 and later versions fit', async () => {
    const { peerDependencies } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
    expect(peerDependencies.vitest).toBe('>=3.2.0');
  });
});
