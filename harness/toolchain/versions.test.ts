import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { programs } from '../registered/programs.ts';
import { lockFolder, PYTHON_LOCK_FILES, UV_LOCK_FILE } from './cache-folder.ts';
import { recipeOf } from './recipes.ts';

const goRecipes = programs.filter((recipe) => recipe.kind === 'go');
const readLock = async (...parts: string[]) => readFile(join(lockFolder, ...parts), 'utf8');

describe('the lock files', () => {
  it.each(goRecipes.map((recipe) => [recipe.name, recipe] as const))(
    'pin %s to the version that is wanted, as a tool, with its checksum',
    async (_name, recipe) => {
      const goMod = await readLock('go', recipe.goModule, 'go.mod');
      const goSum = await readLock('go', recipe.goModule, 'go.sum');
      const lines = goMod.split('\n').map((line) => line.replace(/\/\/.*/, '').trim());
      expect(lines).toContain(recipe.requirement);
      // A module with a main of this project has no tool.
      if (recipe.goPackage === '.') await readLock('go', recipe.goModule, 'main.go');
      else expect(lines.map((line) => line.replace(/^tool /, ''))).toContain(recipe.goPackage);
      expect(goSum).toContain(`${recipe.requirement} h1:`);
    },
  );

  it('replace every staging module of Kubernetes by the release that belongs to it', async () => {
    const goMod = await readLock('go', 'kubernetes', 'go.mod');
    const staging = [...goMod.matchAll(/^\t(k8s\.io\/\S+) => (\S+) (\S+)$/gm)];
    expect(staging.length).toBeGreaterThan(20);
    for (const [, module, replacement, version] of staging) {
      expect([replacement, version]).toEqual([module, recipeOf('kube-apiserver').version.replace(/^1\./, 'v0.')]);
    }
  });

  it('are one for each Go program and what shares its packages, so that nothing is compiled twice', async () => {
    const together = [recipeOf('velero'), recipeOf('velero-plugin-for-aws')];
    expect(together.map((recipe) => recipe.kind === 'go' && recipe.goModule)).toEqual(['velero', 'velero']);
    const names = await readdir(join(lockFolder, '..'), { recursive: true });
    const modules = names.filter((name) => basename(name) === 'go.mod');
    const pinning = await Promise.all(
      modules.map(async (name) => /velero v/.test(await readFile(join(lockFolder, '..', name), 'utf8'))),
    );
    expect(modules.filter((_, index) => pinning[index]).toSorted()).toEqual([
      'toolchain/go/velero-gcp/go.mod',
      'toolchain/go/velero/go.mod',
    ]);
  });

  it("pin for Velero's plugin for Google Cloud Storage what Velero itself is built with, so that Go compiles it once", async () => {
    const pinsOf = async (module: string) => {
      const goMod = await readLock('go', module, 'go.mod');
      return new Map([...goMod.matchAll(/^\t(\S+) (v\S+)/gm)].map(([, name = '', version = '']) => [name, version]));
    };
    const [velero, plugin] = await Promise.all([pinsOf('velero'), pinsOf('velero-gcp')]);
    const shared = [...plugin].filter(([name]) => velero.has(name));
    expect(shared.length).toBeGreaterThan(90);
    expect(shared.filter(([name, version]) => velero.get(name) !== version)).toEqual([]);
  });

  it('say which versions are newer than Velero asks for', async () => {
    const goMod = await readLock('go', 'velero', 'go.mod');
    const [said = '', lines = ''] = goMod.split(/^module .*$/m);
    const pins = new Map([...lines.matchAll(/^\t(\S+) v(\S+)/gm)].map(([, name = '', version]) => [name, version]));
    const raised = [...said.matchAll(/(\S+) (1\.\d+\.\d+|2\.\d+\.\d+) \((?:Velero: )?[\d.]+\)/g)];
    expect(raised.map(([, name = '', version]) => [name, version])).toEqual(
      [
        'internal/configsources',
        'internal/endpoints/v2',
        'service/internal/accept-encoding',
        'service/internal/presigned-url',
      ].map((name) => [name, pins.get(`github.com/aws/aws-sdk-go-v2/${name}`)]),
    );
    for (const name of ['api', 'apimachinery', 'cli-runtime', 'client-go']) {
      expect(said).toContain(`newer: ${pins.get(`k8s.io/${name}`)} `);
    }
  });

  it('pin LocalStack and the AWS command line to the versions that are wanted', async () => {
    const requirements = await readLock('python', 'requirements.txt');
    expect(requirements).toContain(`\nlocalstack-core==${recipeOf('localstack-python').version} \\\n`);
    expect(requirements).toContain(`\nawscli==${recipeOf('aws').version} \\\n`);
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
