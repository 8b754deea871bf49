import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { programs } from '../../registered/programs.ts';
import { type Recipe, versionFlag } from '../../registered/recipe.ts';
import { goPlatform } from '../../toolchain/cache-folder.ts';
import { imagePrograms } from './image-programs.ts';
import { dockerSettings, imageNames, imageOf } from './settings.ts';

const step = { clock: systemClock, signal: new AbortController().signal, progress: () => undefined };

/** A program of a hypothetical system. */
const recipe: Recipe = {
  name: 'words-cli',
  version: '1.0.0',
  probe: versionFlag(/^(\S+)$/m),
  kind: 'go',
  goModule: 'words',
  goPackage: 'words',
  requirement: 'words v1.0.0',
  stamps: {},
  typicalBuildS: 1,
};

/** Simulates a daemon that has every image, for a processor like this one. */
async function daemonHasAll(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dr-fake-docker-'));
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });
  const image = [{ Id: 'sha256:0123456789abcdef', RepoDigests: [], Size: 1, Architecture: goPlatform().goarch }];
  await writeFile(join(folder, 'docker'), `#!/bin/sh\necho '${JSON.stringify(image)}'\n`);
  await chmod(join(folder, 'docker'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`);
  vi.stubEnv('DR_CONTRACTS_CACHE', join(folder, 'cache'));
}

test.runIf(process.platform === 'linux')('a program is looked for in the image that its recipe names', async () => {
  await daemonHasAll();
  const { look } = imagePrograms(dockerSettings({}), step);
  expect(await look(recipe)).toBeUndefined();
  const found = await look({ ...recipe, inImage: { image: 'nats-box', path: '/usr/bin/words' } });
  expect(found).toEqual({ from: `image ${imageOf(dockerSettings({}), 'nats-box')} (sha256:0123456789abcdef)` });
});

test('a recipe names an image that a provider has registered, and the page lists it', async () => {
  const page = await readFile('docs/docker.md', 'utf8');
  const rows = [...page.matchAll(/^\| `([\w-]+)` +\| `(\w[\w/-]+)` +\|.*\|$/gm)].map(([, program, image]) => [
    program,
    image,
  ]);
  const named = programs.flatMap(({ name, inImage }) => (inImage === undefined ? [] : [{ name, ...inImage }]));
  expect(imageNames()).toEqual(expect.arrayContaining(named.map(({ image }) => image)));
  const references = named.map(({ name, image }) => [name, imageOf(dockerSettings({}), image).replace(/:[^:]*$/, '')]);
  expect(rows.toSorted()).toEqual(references.toSorted());
});
