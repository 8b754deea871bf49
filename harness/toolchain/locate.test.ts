import { chmod, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { beginAttempt, ensureEntryFolder, findFinished, finishAttempt } from './cache-entry.ts';
import { type CacheEntry, cacheEntryOf } from './cache-folder.ts';
import { locateTool, type Whereabouts } from './locate.ts';
import { recipeOf } from './recipes.ts';
import { fakeProgram, temporaryFolder } from './testing/fake-programs.ts';

const recipe = recipeOf('nats');
const says = (version: string) => `echo v${version}`;

function where(environment: NodeJS.ProcessEnv): Whereabouts {
  return { environment, clock: systemClock, signal: new AbortController().signal };
}

async function fillCache(root: string): Promise<{ readonly entry: CacheEntry; readonly program: string }> {
  const entry = await cacheEntryOf(recipe, root);
  await ensureEntryFolder(entry);
  const attempt = await beginAttempt(entry);
  const program = await fakeProgram(attempt.dir, 'nats', says(recipe.version));
  await finishAttempt(entry, attempt, { builtAt: '2026-01-01T00:00:00.000Z', durationMs: 1, sized: true });
  return { entry, program };
}

async function pathFolder(parent: string, name: string, version: string): Promise<string> {
  const dir = join(parent, name);
  await mkdir(dir);
  await fakeProgram(dir, 'nats', says(version));
  return dir;
}

describe('a tool is looked for', () => {
  it('first where its environment variable points, whatever its version', async () => {
    await using folder = await temporaryFolder();
    const { entry } = await fillCache(folder.dir);
    const own = await fakeProgram(folder.dir, 'my-nats', says('9.9.9'));
    const tool = await locateTool(recipe, entry, where({ DR_CONTRACTS_NATS: own }));
    expect(tool).toEqual({ name: 'nats', version: '9.9.9', source: 'environment', path: own });
  });

  it('then in the cache, then on PATH', async () => {
    await using folder = await temporaryFolder();
    const { entry, program } = await fillCache(folder.dir);
    const onPath = await pathFolder(folder.dir, 'bin', recipe.version);
    const environment = { PATH: onPath, DR_CONTRACTS_NATS: '' };
    expect(await locateTool(recipe, entry, where(environment))).toMatchObject({ source: 'cache', path: program });
    await rm(entry.dir, { recursive: true });
    expect(await locateTool(recipe, entry, where(environment))).toMatchObject({
      source: 'path',
      path: join(onPath, 'nats'),
    });
  });

  it('on PATH past programs of another version and programs that say none', async () => {
    await using folder = await temporaryFolder();
    const entry = await cacheEntryOf(recipe, folder.dir);
    const older = await pathFolder(folder.dir, 'older', '0.1.0');
    const longer = await pathFolder(folder.dir, 'longer', `${recipe.version}-rc.1`);
    const broken = join(folder.dir, 'broken');
    await mkdir(broken);
    await fakeProgram(broken, 'nats', 'exit 1');
    const PATH = [older, longer, broken].join(':');
    expect(await locateTool(recipe, entry, where({ PATH }))).toBeUndefined();
    const right = await pathFolder(folder.dir, 'right', recipe.version);
    expect(await locateTool(recipe, entry, where({ PATH: `${PATH}:${right}` }))).toMatchObject({
      path: join(right, 'nats'),
    });
  });

  it('on PATH as the whole program, where the one that is built is slim, and is called what it is', async () => {
    await using folder = await temporaryFolder();
    const coredns = recipeOf('coredns');
    if (coredns.kind !== 'go' || coredns.wholeVersion === undefined) throw new Error('CoreDNS is slim');
    const entry = await cacheEntryOf(coredns, folder.dir);
    const found = async (version: string) => {
      await fakeProgram(folder.dir, 'coredns', `echo CoreDNS-${version}`);
      return await locateTool(coredns, entry, where({ PATH: folder.dir }));
    };
    expect(await found(coredns.version)).toMatchObject({ version: coredns.version, source: 'path' });
    expect(await found(coredns.wholeVersion)).toMatchObject({ version: coredns.wholeVersion, source: 'path' });
    expect(await found(`${coredns.wholeVersion}-other`)).toBeUndefined();
  });

  it('and is refused when its environment variable names nothing that runs', async () => {
    await using folder = await temporaryFolder();
    const entry = await cacheEntryOf(recipe, folder.dir);
    const plain = join(folder.dir, 'plain');
    await writeFile(plain, 'no program');
    const silent = await fakeProgram(folder.dir, 'silent', 'echo hello');
    const absent = join(folder.dir, 'absent');
    for (const [path, problem] of [
      [absent, 'not an executable file'],
      [plain, 'not an executable file'],
      [folder.dir, 'not an executable file'],
      [silent, 'does not say its version'],
      ['nats', 'not an absolute path'],
    ] as const) {
      const located = locateTool(recipe, entry, where({ DR_CONTRACTS_NATS: path }));
      await expect(located).rejects.toThrow(/^environment variable DR_CONTRACTS_NATS: /);
      await expect(located).rejects.toThrow(problem);
    }
    const environment = { DR_CONTRACTS_VELERO_PLUGIN_FOR_AWS: absent };
    await expect(locateTool(recipeOf('velero-plugin-for-aws'), entry, where(environment))).rejects.toThrow(
      /^environment variable DR_CONTRACTS_VELERO_PLUGIN_FOR_AWS: .*not an executable file/,
    );
  });
});

describe('a cache entry', () => {
  it.each<[string, (program: string, entry: CacheEntry) => Promise<void>]>([
    ['the program is missing', async (program) => rm(program)],
    ['the program cannot be executed', async (program) => chmod(program, 0o644)],
    ['the program was cut short', async (program) => truncate(program, 3)],
    ['there is a folder in its place', async (program) => rm(program).then(async () => void (await mkdir(program)))],
    ['the mark is not whole', async (_program, entry) => truncate(join(entry.dir, 'done.json'), 10)],
    ['the mark says something else', async (_program, entry) => writeFile(join(entry.dir, 'done.json'), '{}')],
    ['the mark points elsewhere', async (_program, { dir }) => writeFile(join(dir, 'done.json'), '{"attempt":"../x"}')],
  ])('does not count when %s', async (_what, damage) => {
    await using folder = await temporaryFolder();
    const { entry, program } = await fillCache(folder.dir);
    expect(await findFinished(entry)).toBeDefined();
    await damage(program, entry);
    expect(await findFinished(entry)).toBeUndefined();
  });

  it('does not count before its build is finished, and a new attempt clears away the old one', async () => {
    await using folder = await temporaryFolder();
    const entry = await cacheEntryOf(recipe, folder.dir);
    await ensureEntryFolder(entry);
    const killed = await beginAttempt(entry);
    await fakeProgram(killed.dir, 'nats', says(recipe.version));
    expect(await findFinished(entry)).toBeUndefined();
    const next = await beginAttempt(entry);
    expect(next.dir).not.toBe(killed.dir);
    await expect(chmod(killed.dir, 0o755)).rejects.toThrow('ENOENT');
  });

  it('in a folder that cannot be made is one clear message', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.dir, 'file');
    await writeFile(file, '');
    await expect(ensureEntryFolder(await cacheEntryOf(recipe, file))).rejects.toThrow(/Set DR_CONTRACTS_CACHE/);
  });
});
