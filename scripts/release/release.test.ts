import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { notesOf } from './changelog.ts';
import { release } from './release.ts';

const CHANGELOG = `# Changelog

## [Unreleased]

- Later.

## [1.2.0] - 2026-01-31

### Added

- A thing that users see.
# not a comment

## [1.1.0] - 2026-01-01

- An older thing.
`;
const silent = (): void => undefined;

interface Repository {
  readonly root: string;
  git(...args: string[]): Promise<string>;
  commitAll(): Promise<void>;
}

/** Makes a repository of a package with one file, and a trial that runs this program. */
async function repository({ version = '1.2.0', trial = 'process.exit(0)' } = {}): Promise<Repository> {
  const root = await mkdtemp(join(tmpdir(), 'dr-contracts-release-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const git = async (...args: string[]): Promise<string> => {
    const identity = ['-c', 'user.name=Tester', '-c', 'user.email=tester@example.org'];
    return (await execa('git', [...identity, ...args], { cwd: root })).stdout;
  };
  const commitAll = async (): Promise<void> => {
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'Change something');
  };
  const manifest = { name: 'released', version, files: ['index.mjs'], scripts: { 'test:package': 'node trial.mjs' } };
  await writeFile(join(root, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(root, 'index.mjs'), 'export const answer = 42;\n');
  await writeFile(join(root, 'trial.mjs'), `import { appendFileSync } from 'node:fs';\n${trial};\n`);
  await writeFile(join(root, 'CHANGELOG.md'), CHANGELOG);
  await writeFile(join(root, '.gitignore'), 'reports/\n');
  await git('init', '--quiet');
  await git('config', 'user.name', 'Tester');
  await git('config', 'user.email', 'tester@example.org');
  await commitAll();
  return { root, git, commitAll };
}

describe('a release', () => {
  it('packs, tries the package, and tags the commit with the entry of the changelog', async () => {
    const { root, git } = await repository({ trial: "appendFileSync('reports/tried', 'once')" });
    const { tag, tarball } = await release(root, silent);
    expect(tag).toBe('v1.2.0');
    await access(tarball);
    expect(await readFile(join(root, 'reports/tried'), 'utf8')).toBe('once');
    expect(await git('rev-parse', 'v1.2.0^{commit}')).toBe(await git('rev-parse', 'HEAD'));
    const message = await git('tag', '--list', '--format=%(contents)', tag);
    expect(message).toContain('- A thing that users see.\n# not a comment');
    expect(message).not.toMatch(/Later|older/);
  });

  it('is refused in a dirty tree, and nothing is packed', async () => {
    const { root, git } = await repository();
    await writeFile(join(root, 'left-over.txt'), '');
    await expect(release(root, silent)).rejects.toThrow(/not committed:\n\?\? left-over\.txt/);
    expect(await git('tag', '--list')).toBe('');
    await expect(access(join(root, 'reports'))).rejects.toThrow('ENOENT');
  });

  it('is refused when the tag exists, and leaves that tag where it is', async () => {
    const { root, git, commitAll } = await repository();
    await git('tag', 'v1.2.0');
    const tagged = await git('rev-parse', 'v1.2.0');
    await writeFile(join(root, 'index.mjs'), 'export const answer = 43;\n');
    await commitAll();
    await expect(release(root, silent)).rejects.toThrow('the tag v1.2.0 exists');
    expect(await git('rev-parse', 'v1.2.0')).toBe(tagged);
  });

  it('is refused for a version that the changelog does not mention', async () => {
    const { root, git } = await repository({ version: '1.3.0' });
    await expect(release(root, silent)).rejects.toThrow('CHANGELOG.md has no entry for 1.3.0');
    expect(await git('tag', '--list')).toBe('');
  });

  it.each([
    ['fails', 'process.exit(3)', /test:package/],
    ['changes the tree', "appendFileSync('index.mjs', '// changed')", /after the trial:\n M index\.mjs/],
  ])('makes no tag when the trial %s', async (_, trial, message) => {
    const { root, git } = await repository({ trial });
    await expect(release(root, silent)).rejects.toThrow(message);
    expect(await git('tag', '--list')).toBe('');
  });
});

describe('the entry of a changelog', () => {
  it.each([
    ['a version without a date', '## [1.0.0]\n\n- A thing.\n'],
    ['a version with nothing below it', '## [1.0.0] - 2026-01-01\n\n### Added\n\n## [0.9.0] - 2025-12-01\n\n- Old.\n'],
    ['another version only', '## [1.0.0-rc.1] - 2026-01-01\n\n- A thing.\n'],
  ])('is not there for %s', (_, changelog) => {
    expect(notesOf(changelog, '1.0.0')).toBeUndefined();
  });
});
