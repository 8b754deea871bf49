import { appendFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { afterwards } from '../base/afterwards.ts';
import { git, uncommittedAmong } from './git.ts';

const { signal } = new AbortController();

const run = (folder: string, ...args: readonly string[]) =>
  git(
    folder,
    ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'protocol.file.allow=always', ...args],
    signal,
  );

async function commitAll(folder: string): Promise<void> {
  await run(folder, 'add', '--all');
  await run(folder, 'commit', '--quiet', '-m', 'all');
}

async function scratch() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'dr-contracts-git-')));
  return { folder, ...afterwards(() => rm(folder, { recursive: true, force: true })) };
}

async function repository(parent: string, name: string, files: readonly string[]): Promise<string> {
  const folder = join(parent, name);
  await mkdir(join(folder, 'ops'), { recursive: true });
  await run(folder, 'init', '--quiet');
  for (const file of files) await writeFile(join(folder, file), file);
  await commitAll(folder);
  return folder;
}

it('gate-7: git is asked about the files that are named, many of them and by their very names', async () => {
  await using place = await scratch();
  const names = Array.from({ length: 450 }, (_, index) => `script-${index}.sh`);
  const folder = await repository(place.folder, 'project', [...names, 'other.sh', '*.sh']);
  for (const name of ['script-7.sh', 'script-449.sh', 'other.sh']) await writeFile(join(folder, name), 'changed');
  await writeFile(join(folder, 'new.sh'), 'new');
  expect(await uncommittedAmong(folder, names, signal)).toEqual(['script-7.sh', 'script-449.sh']);
  expect(await uncommittedAmong(folder, ['*.sh', 'new.sh', '../elsewhere.sh'], signal)).toEqual(['new.sh']);
});

it('a file of a submodule is committed when the submodule holds it at the commit that the project names', async () => {
  await using place = await scratch();
  await repository(place.folder, 'library', ['ops/backup.sh', 'ops/restore.sh']);
  const folder = await repository(place.folder, 'project', ['own.sh']);
  await run(folder, 'submodule', '--quiet', 'add', '../library', 'platform');
  await commitAll(folder);
  const paths = ['platform/ops/backup.sh', 'platform/ops/restore.sh', 'own.sh'];
  expect(await uncommittedAmong(folder, paths, signal)).toEqual([]);
  await appendFile(join(folder, 'platform/ops/restore.sh'), '# changed\n');
  expect(await uncommittedAmong(folder, paths, signal)).toEqual(['platform/ops/restore.sh']);
  // The change is committed in the submodule, but the project still names the commit before it.
  await commitAll(join(folder, 'platform'));
  expect(await uncommittedAmong(folder, paths, signal)).toEqual(['platform/ops/backup.sh', 'platform/ops/restore.sh']);
  await commitAll(folder);
  expect(await uncommittedAmong(folder, paths, signal)).toEqual([]);
});

it('a file behind a symbolic link is committed when the link and the file are', async () => {
  await using place = await scratch();
  const folder = await repository(place.folder, 'project', ['ops/backup.sh']);
  await symlink('ops', join(folder, 'scripts'));
  expect(await uncommittedAmong(folder, ['scripts/backup.sh'], signal)).toEqual(['scripts/backup.sh']);
  await commitAll(folder);
  expect(await uncommittedAmong(folder, ['scripts/backup.sh'], signal)).toEqual([]);
  await appendFile(join(folder, 'ops/backup.sh'), '# changed\n');
  expect(await uncommittedAmong(folder, ['scripts/backup.sh', 'ops/backup.sh'], signal)).toEqual([
    'scripts/backup.sh',
    'ops/backup.sh',
  ]);
});

it('a file of a repository that lies in the project, and is no submodule, is not committed', async () => {
  await using place = await scratch();
  const folder = await repository(place.folder, 'project', ['own.sh']);
  await repository(folder, 'nested', ['ops/backup.sh']);
  expect(await uncommittedAmong(folder, ['nested/ops/backup.sh', 'absent.sh'], signal)).toEqual([
    'nested/ops/backup.sh',
    'absent.sh',
  ]);
});
