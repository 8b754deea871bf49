import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import semver from 'semver';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { packedManifest } from './packed-manifest.ts';
import { packedText, packManifest, restoreManifest } from './restore-manifest.ts';

const names = z.record(z.string(), z.string());
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ dev: z.boolean().default(false), engines: z.object({ node: z.string().optional() }).optional() }),
  ),
});
const ofRoot = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8');

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

  it('promises no Node that one of its dependencies refuses: Yarn 1 would not install it there', async () => {
    const { packages } = lockSchema.parse(JSON.parse(await ofRoot('package-lock.json')));
    const { '': own, ...others } = packages;
    const promised = own?.engines?.node ?? '';
    const narrower = Object.entries(others).flatMap(([path, { dev, engines }]) => {
      const accepted = engines?.node;
      return dev || accepted === undefined || semver.subset(promised, accepted) ? [] : [`${path}: ${accepted}`];
    });
    expect(promised).not.toBe('');
    expect(narrower).toEqual([]);
  });

  it('names the Node that the README names', async () => {
    const { engines } = JSON.parse(await ofRoot('package.json'));
    const [, named] = /Node (\d+\.\d+\.\d+) or newer/.exec(await ofRoot('README.md')) ?? [];
    expect(engines.node).toBe(`>=${named}`);
  });

  it('is not one that an interrupted `npm pack` left (`npm run postpack` puts it back)', async () => {
    const manifest: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
    expect(manifest).toMatchObject({ exports: { '.': './harness/index.ts' } });
  });
});

describe('an interrupted npm pack', () => {
  const manifest = '{ "name": "x", "exports": {}, "scripts": {} }';

  it.each([
    ['puts the manifest back', packedText(manifest), manifest],
    ['leaves a manifest that somebody edited since', '{ "name": "edited" }', '{ "name": "edited" }'],
  ])('%s', async (_what, found, expected) => {
    const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-manifest-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const [kept, place] = [join(folder, 'kept'), join(folder, 'package.json')];
    await writeFile(kept, manifest);
    await writeFile(place, found);
    const restored = restoreManifest(kept, place);
    if (expected === manifest) await restored;
    else await expect(restored).rejects.toThrow(/was edited/);
    expect(await readFile(place, 'utf8')).toBe(expected);
  });

  it('is never seen in part: while the manifest changes, every read finds one or the other', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-manifest-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const [kept, place] = [join(folder, 'kept'), join(folder, 'package.json')];
    // So long that a plain write takes several steps.
    const long = JSON.stringify({ name: 'x', exports: {}, description: 'x'.repeat(8_000_000) });
    await writeFile(place, long);
    let packed = false;
    const packing = packManifest(kept, place).finally(() => {
      packed = true;
    });
    const sizes = new Set<number>();
    while (!packed) {
      for (const file of [kept, place]) sizes.add((await stat(file).catch(() => undefined))?.size ?? long.length);
    }
    await packing;
    expect([...sizes].filter((size) => size !== long.length && size !== packedText(long).length)).toEqual([]);
    await restoreManifest(kept, place);
    expect(await readFile(place, 'utf8')).toBe(long);
  });
});
