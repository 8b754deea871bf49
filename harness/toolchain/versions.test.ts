import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockFolder, PYTHON_LOCK_FILES, UV_LOCK_FILE } from './cache-folder.ts';
import { recipes } from './recipes.ts';
import { versions } from './versions.ts';

const goRecipes = Object.values(recipes).filter((recipe) => recipe.kind === 'go');
const readLock = async (...parts: string[]) => readFile(join(lockFolder, ...parts), 'utf8');

describe('the lock files', () => {
  it.each(goRecipes.map((recipe) => [recipe.name, recipe] as const))(
    'pin %s to the version that is wanted, as a tool, with its checksum',
    async (_name, recipe) => {
      const goMod = await readLock('go', recipe.goModule, 'go.mod');
      const goSum = await readLock('go', recipe.goModule, 'go.sum');
      const lines = goMod.split('\n').map((line) => line.replace(/\/\/.*/, '').trim());
      expect(lines).toContain(recipe.requirement);
      expect(lines.map((line) => line.replace(/^tool /, ''))).toContain(recipe.goPackage);
      expect(goSum).toContain(`${recipe.requirement} h1:`);
    },
  );

  it('replace every staging module of Kubernetes by the release that belongs to it', async () => {
    const goMod = await readLock('go', 'kubernetes', 'go.mod');
    const staging = [...goMod.matchAll(/^\t(k8s\.io\/\S+) => (\S+) (\S+)$/gm)];
    expect(staging.length).toBeGreaterThan(20);
    for (const [, module, replacement, version] of staging) {
      expect([replacement, version]).toEqual([module, versions.kubernetes.replace(/^1\./, 'v0.')]);
    }
  });

  it('pin for the plugin of Velero what they pin for Velero, so that it is compiled once', async () => {
    const pins = async (module: string) =>
      new Map(
        [...(await readLock('go', module, 'go.mod')).matchAll(/^\t(\S+) (v\S+) \/\/ indirect$/gm)].map(
          ([, name = '', version = '']) => [name, version] as const,
        ),
      );
    const [velero, plugin] = await Promise.all([pins('velero'), pins('velero-plugin-for-aws')]);
    const shared = [...plugin].filter(([name]) => velero.has(name));
    expect(shared.length).toBeGreaterThan(80);
    // The plugin asks for newer parts of the AWS SDK. Raising them for Velero as well would compile most of Velero anew.
    const differing = shared.filter(([name, version]) => velero.get(name) !== version).map(([name]) => name);
    expect(differing.filter((name) => !name.startsWith('github.com/aws/aws-sdk-go-v2/'))).toEqual([]);
  });

  it('pin LocalStack and the AWS command line to the versions that are wanted', async () => {
    const requirements = await readLock('python', 'requirements.txt');
    expect(requirements).toContain(`\nlocalstack-core==${versions.localstack} \\\n`);
    expect(requirements).toContain(`\nawscli==${versions.awsCli} \\\n`);
  });

  it.each([...PYTHON_LOCK_FILES, UV_LOCK_FILE])('give a digest for each package of %s', async (file) => {
    const entries = (await readLock('python', file))
      .replaceAll('\\\n', '')
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('#'));
    expect(entries.length).toBeGreaterThan(0);
    for (const entry of entries) expect(entry).toMatch(/^[\w.-]+==\S+\s+(--hash=sha256:[0-9a-f]{64}\s*)+$/);
  });

  it('build source packages with the very setuptools that is locked for LocalStack', async () => {
    const [builder = 'none'] = /^setuptools==.*\n(?: {4}--hash.*\n?)+/m.exec(
      await readLock('python', 'build-requirements.txt'),
    ) ?? ['none'];
    expect(await readLock('python', 'requirements.txt')).toContain(builder.trimEnd());
  });
});
