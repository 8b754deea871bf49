import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { installedPrograms } from './installed.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'dr-installed-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function program(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text, { mode: 0o755 });
}
const seenFrom = async (...folders: string[]) => {
  const path = [...folders, '/usr/bin', '/bin'].join(delimiter);
  const { mounts, searchPath } = await installedPrograms(path, AbortSignal.timeout(50_000));
  const below = mounts.map(({ to }) => to).filter((to) => to.startsWith(home));
  return { places: below.map((to) => to.slice(home.length)).toSorted(), searchPath: searchPath.split(delimiter) };
};

it('of a version of Node below .nvm, what its programs read is there, and its settings are not', async () => {
  const version = join(home, '.nvm/versions/node/v22.22.2');
  await program(join(version, 'bin/node'), '#!/bin/sh\nexit 1\n');
  await mkdir(join(version, 'lib/node_modules/npm/bin'), { recursive: true });
  await writeFile(join(version, 'lib/node_modules/npm/bin/npm-cli.js'), '');
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(version, 'bin/npm'));
  await mkdir(join(version, 'etc'));
  await writeFile(join(version, 'etc/npmrc'), '//registry/:_authToken=canary');
  const { places } = await seenFrom(join(version, 'bin'));
  expect(places).toEqual(
    expect.arrayContaining(['/.nvm/versions/node/v22.22.2/bin', '/.nvm/versions/node/v22.22.2/lib']),
  );
  expect(places.filter((place) => place.includes('/etc') || place === '/.nvm')).toEqual([]);
});

it('a shim of pyenv is replaced by the version that it chooses', async () => {
  const chosen = join(home, '.pyenv/versions/3.12.1');
  await mkdir(join(chosen, 'lib'), { recursive: true });
  await program(join(chosen, 'bin/python3'), `#!/bin/sh\necho ${chosen}\necho ${chosen}\n`);
  await program(join(home, '.pyenv/shims/python3'), `#!/bin/sh\nexec ${chosen}/bin/python3 "$@"\n`);
  const { places, searchPath } = await seenFrom(join(home, '.pyenv/shims'));
  expect(searchPath).toContain(join(chosen, 'bin'));
  expect(searchPath).not.toContain(join(home, '.pyenv/shims'));
  expect(places).toEqual(['/.pyenv/versions/3.12.1/bin', '/.pyenv/versions/3.12.1/lib']);
});
