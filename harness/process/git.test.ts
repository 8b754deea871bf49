import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { afterwards } from '../base/afterwards.ts';
import { git, uncommittedAmong } from './git.ts';

const { signal } = new AbortController();

it('gate-7: git is asked about the files that are named, many of them and by their very names', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'dr-contracts-git-')));
  await using _removal = afterwards(() => rm(folder, { recursive: true, force: true }));
  const names = Array.from({ length: 450 }, (_, index) => `script-${index}.sh`);
  for (const name of [...names, 'other.sh', '*.sh']) await writeFile(join(folder, name), name);
  const run = (...args: readonly string[]) =>
    git(folder, ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], signal);
  await run('init', '--quiet');
  await run('add', '--all');
  await run('commit', '--quiet', '-m', 'all');
  for (const name of ['script-7.sh', 'script-449.sh', 'other.sh']) await writeFile(join(folder, name), 'changed');
  await writeFile(join(folder, 'new.sh'), 'new');
  expect(await uncommittedAmong(folder, names, signal)).toEqual(['script-7.sh', 'script-449.sh']);
  expect(await uncommittedAmong(folder, ['*.sh', 'new.sh', '../elsewhere.sh'], signal)).toEqual(['new.sh']);
});
