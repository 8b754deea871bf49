import { appendFile, cp, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExplainedError } from '../model/errors.ts';
import { cacheEntryOf, goBuildFlags, goPlatform, lockFolder } from './cache-folder.ts';
import { cacheRoot } from './cache-root.ts';
import { recipeOf } from './recipes.ts';

import { temporaryFolder } from './testing/fake-programs.ts';

describe('the cache folder', () => {
  it('is the one that was named, else a part of the user cache of that system', () => {
    expect(cacheRoot({ DR_CONTRACTS_CACHE: '/a/b', XDG_CACHE_HOME: '/x' }, 'linux')).toBe('/a/b');
    expect(cacheRoot({ XDG_CACHE_HOME: '/x' }, 'linux')).toBe('/x/dr-contracts');
    expect(cacheRoot({ XDG_CACHE_HOME: 'relative' }, 'linux')).toBe(join(homedir(), '.cache', 'dr-contracts'));
    expect(cacheRoot({}, 'darwin')).toBe(join(homedir(), 'Library', 'Caches', 'dr-contracts'));
  });

  it('is refused on a system for which nothing can be built', () => {
    expect(() => goPlatform('win32', 'x64')).toThrow(ExplainedError);
    expect(goPlatform('darwin', 'arm64')).toEqual({ goos: 'darwin', goarch: 'arm64' });
  });
});

describe('the place of a tool in the cache', () => {
  it('stays while nothing changes, and is shared by what comes from one virtual environment', async () => {
    const [first, second] = await Promise.all([
      cacheEntryOf(recipeOf('nats'), '/c'),
      cacheEntryOf(recipeOf('nats'), '/c'),
    ]);
    expect(first).toEqual(second);
    const python = await cacheEntryOf(recipeOf('localstack-python'), '/c');
    expect(await cacheEntryOf(recipeOf('aws'), '/c')).toEqual(python);
  });

  it.each([
    ['nats', 'go/nats/go.mod'],
    ['nats', 'go/nats/go.sum'],
    ['coredns', 'go/coredns/main.go'],
    ['localstack-python', 'python/requirements.txt'],
    ['localstack-python', 'python/build-requirements.txt'],
    ['localstack-python', 'python/uv-requirements.txt'],
    ['localstack-python', 'python/first_start.py'],
  ] as const)('of %s changes with %s and with no other lock file', async (name, file) => {
    await using folder = await temporaryFolder();
    for (const part of ['go', 'python']) {
      await mkdir(join(folder.dir, part));
      await cp(join(lockFolder, part), join(folder.dir, part), { recursive: true });
    }
    const place = async (tool: 'nats' | 'etcd' | 'coredns' | 'localstack-python') =>
      (await cacheEntryOf(recipeOf(tool), '/c', folder.dir)).dir;
    const before = [await place(name), await place('etcd')];
    await appendFile(join(folder.dir, file), '\n');
    expect(await place(name)).not.toBe(before[0]);
    expect(await place('etcd')).toBe(before[1]);
  });

  it('changes with the build flags', async () => {
    const velero = recipeOf('velero');
    if (velero.kind !== 'go') throw new Error('velero is built with Go');
    const stamped = { ...velero, stamps: { ...velero.stamps, 'x.y': 'z' } };
    expect(goBuildFlags(stamped)).not.toEqual(goBuildFlags(velero));
    expect((await cacheEntryOf(stamped, '/c')).dir).not.toBe((await cacheEntryOf(velero, '/c')).dir);
  });

  it('of a virtual environment changes with the cache folder, whose path it holds', async () => {
    const name = async (root: string) => (await cacheEntryOf(recipeOf('aws'), root)).dir.split('/').at(-1);
    expect(await name('/here')).not.toBe(await name('/there'));
    const nameAnywhere = async (root: string) => (await cacheEntryOf(recipeOf('aws'), root)).nameAnywhere;
    expect(await nameAnywhere('/here')).toBe(await nameAnywhere('/there'));
  });
});
