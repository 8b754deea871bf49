import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, getPriority } from 'node:os';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Activities } from '../base/activities.ts';
import { systemClock } from '../clock/clock.ts';
import type { ToolName } from '../model/target.ts';
import { fillEntry } from './build.ts';
import { findBuilders } from './builders.ts';
import { cacheEntryOf, lockFolder } from './cache-folder.ts';
import { inspectBuilders, inspectToolchain, neededBuilders } from './inspect.ts';
import { beginObtaining, type ObtainOptions, obtainToolchain } from './obtain.ts';
import { recipeOf } from './recipes.ts';
import { fakeProgram, temporaryFolder } from './testing/fake-programs.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** Makes a `go` that instantly builds a shell script which reports the version of `nats`, and counts its builds. */
async function machine(
  dir: string,
  builtVersion: string = recipeOf('nats').version,
): Promise<{ builds(): Promise<number> }> {
  const bin = join(dir, 'bin');
  const log = join(dir, 'builds.log');
  await mkdir(bin);
  await writeFile(log, '');
  const build = `
if [ "$1" = version ]; then echo "go version go1.99.0 linux/amd64"; exit 0; fi
[ -f go.mod ] || { echo "not in a module" >&2; exit 1; }
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho v${builtVersion}\\n' > "$2"
/bin/chmod 755 "$2"
echo "$3" >> '${log}'`;
  await fakeProgram(bin, 'go', build);
  vi.stubEnv('PATH', bin);
  vi.stubEnv('DR_CONTRACTS_NATS', '');
  vi.stubEnv('DR_CONTRACTS_CACHE', join(dir, 'cache'));
  return { builds: async () => (await readFile(log, 'utf8')).split('\n').length - 1 };
}

function obtain(names: readonly ToolName[], signal = new AbortController().signal, said: string[] = []) {
  return obtainToolchain(names, { clock: systemClock, signal, progress: (message) => said.push(message) });
}

describe('the toolchain', () => {
  it('builds what is nowhere to be found, says so, and finds it in the cache from then on', async () => {
    await using folder = await temporaryFolder();
    const { builds } = await machine(folder.dir);
    const said: string[] = [];
    const built = await obtain(['nats'], undefined, said);
    expect(built.inUse).toEqual([{ name: 'nats', version: recipeOf('nats').version, source: 'built' }]);
    expect(said[0]).toBe('building nats');
    expect(said.at(-1)).toMatch(/^nats 0\.5\.1 built in /);
    const again = await obtain(['nats']);
    expect(again.inUse).toEqual([{ name: 'nats', version: recipeOf('nats').version, source: 'cache' }]);
    expect(again.path('nats')).toBe(built.path('nats'));
    expect(await builds()).toBe(1);
  });

  it('builds again what is damaged in the cache', async () => {
    await using folder = await temporaryFolder();
    const { builds } = await machine(folder.dir);
    await rm((await obtain(['nats'])).path('nats'));
    expect((await obtain(['nats'])).inUse[0]?.source).toBe('built');
    expect(await builds()).toBe(2);
  });

  it('is built once when two ask for it at the same time', async () => {
    await using folder = await temporaryFolder();
    const { builds } = await machine(folder.dir);
    const [one, other] = await Promise.all([obtain(['nats']), obtain(['nats'])]);
    expect(one.path('nats')).toBe(other.path('nats'));
    expect(await builds()).toBe(1);
  });

  it('compiles what the next program needs together with the first, before it links that', async () => {
    await using folder = await temporaryFolder();
    await machine(folder.dir);
    const log = join(folder.dir, 'arguments.log');
    const script = `
if [ "$1" = version ]; then echo "go version go1.99.0 linux/amd64"; exit 0; fi
echo "$@" >> '${log}'
while [ "$1" != -o ]; do shift || exit 0; [ "$#" -gt 0 ] || exit 0; done
printf '#!/bin/sh\necho "Kubernetes v${recipeOf('kube-apiserver').version}"\n' > "$2"
/bin/chmod 755 "$2"`;
    await fakeProgram(join(folder.dir, 'bin'), 'go', script);
    const built = await obtain(['kube-apiserver']);
    expect(built.inUse).toEqual([
      { name: 'kube-apiserver', version: recipeOf('kube-apiserver').version, source: 'built' },
    ]);
    const [compiled = '', linked = ''] = (await readFile(log, 'utf8')).split('\n');
    expect(compiled).toMatch(/ k8s\.io\/kubernetes\/cmd\/kube-apiserver\/app \S+\/kube-controller-manager\/app$/);
    expect(compiled).not.toContain(' -o ');
    expect(linked).toMatch(/ -o \S+ k8s\.io\/kubernetes\/cmd\/kube-apiserver$/);
    const flagsOf = (line: string) => line.split(' ').filter((word) => /^-(gcflags|trimpath|mod)/.test(word));
    expect(flagsOf(compiled)).toEqual(flagsOf(linked));
  });

  it('refuses a build that is not of the version that is wanted, and keeps nothing of it', async () => {
    await using folder = await temporaryFolder();
    const { builds } = await machine(folder.dir, '0.0.1');
    await expect(obtain(['nats'])).rejects.toThrow(`expected version ${recipeOf('nats').version}, but it says 0.0.1`);
    await expect(obtain(['nats'])).rejects.toThrow('it says 0.0.1');
    expect(await builds()).toBe(2);
  });

  it('tells what the builder said when a build fails', async () => {
    await using folder = await temporaryFolder();
    await machine(folder.dir);
    await fakeProgram(
      join(folder.dir, 'bin'),
      'go',
      '[ "$1" = version ] && echo go1.99 || { echo no route >&2; exit 1; }',
    );
    await expect(obtain(['nats'])).rejects.toThrow(/^go build nats: .*exited 1: no route/);
  });

  it('names Go and Python in one message when both are missing', async () => {
    await using folder = await temporaryFolder();
    vi.stubEnv('PATH', folder.dir);
    vi.stubEnv('DR_CONTRACTS_CACHE', join(folder.dir, 'cache'));
    await fakeProgram(folder.dir, 'go', 'echo go version go1.20.1 linux/amd64');
    await fakeProgram(folder.dir, 'python3', 'echo 3.14.0');
    const failure = obtain(['nats', 'aws']);
    await expect(failure).rejects.toThrow(
      /expected Go 1\.26\.0 or newer and Python 3\.11 to 3\.13, but .*go is Go 1\.20\.1; /,
    );
    await expect(failure).rejects.toThrow(/python3 is 3\.14\.0. Install Go .* Install Python 3\.11/);
    const builders = await inspectBuilders();
    expect(builders.map(({ foundVersion, missing }) => [foundVersion, missing !== undefined])).toEqual([
      ['1.20.1', true],
      [undefined, true],
    ]);
  });

  it('needs no builder that nothing missing is built with, and no newer one than that needs', async () => {
    await using folder = await temporaryFolder();
    vi.stubEnv('PATH', folder.dir);
    vi.stubEnv('DR_CONTRACTS_CACHE', join(folder.dir, 'cache'));
    const needs = async (missing: readonly string[]) =>
      (await inspectBuilders(missing)).filter(({ needed }) => needed).map(({ name }) => name);
    expect(await needs(['nats'])).toEqual(['go']);
    expect(await needs(['aws'])).toEqual(['python']);
    expect(await needs(['aws', 'velero'])).toEqual(['go', 'python']);
    expect(await needs([])).toEqual([]);
    expect([...(await neededBuilders(['nats', 'kubectl']))]).toEqual(['go']);
    await fakeProgram(folder.dir, 'nats', `echo v${recipeOf('nats').version}`);
    expect([...(await neededBuilders(['nats']))]).toEqual([]);
    expect([...(await neededBuilders(['nats', 'localstack-python']))]).toEqual(['python']);
    const [go] = await inspectBuilders(['nats']);
    const [, line] = /^go (.+)$/m.exec(await readFile(join(lockFolder, 'go/nats/go.mod'), 'utf8')) ?? [];
    expect(go?.wantedVersion).toBe(`${line} or newer`);
  });

  it('ends a running build when it is told to stop', async () => {
    await using folder = await temporaryFolder();
    await machine(folder.dir);
    const stop = new AbortController();
    const script = `[ "$1" = version ] && { echo go1.99; exit 0; }; exec ${process.execPath} -e 'setInterval(() => {}, 1000)'`;
    await fakeProgram(join(folder.dir, 'bin'), 'go', script);
    const progress = () => setImmediate(() => stop.abort(new Error('told to stop')));
    const obtained = obtainToolchain(['nats'], { clock: systemClock, signal: stop.signal, progress });
    await expect(obtained).rejects.toThrow('told to stop');
  });

  it('knows only the tools that were asked for', async () => {
    await using folder = await temporaryFolder();
    await machine(folder.dir);
    const toolchain = await obtain(['nats']);
    expect(() => toolchain.path('etcd')).toThrow(/^tool etcd: .* only nats were/);
  });

  it('is inspected without building anything', async () => {
    await using folder = await temporaryFolder();
    const { builds } = await machine(folder.dir);
    const [, before] = await inspectToolchain();
    expect(before).toMatchObject({ name: 'nats', fix: 'npx dr-contracts toolchain' });
    expect(before).not.toHaveProperty('foundVersion');
    expect(await builds()).toBe(0);
    const path = (await obtain(['nats'])).path('nats');
    const [, after] = await inspectToolchain();
    expect(after).toEqual({
      name: 'nats',
      wantedVersion: recipeOf('nats').version,
      foundVersion: recipeOf('nats').version,
      source: 'cache',
      path,
    });
    vi.stubEnv('DR_CONTRACTS_NATS', join(folder.dir, 'absent'));
    const [, refused] = await inspectToolchain();
    expect(refused?.missing).toContain('DR_CONTRACTS_NATS');
    expect(refused?.fix).toContain('unset it');
  });
});

/** Makes a `go` that builds each program when a file says so, and records the program and its priority. */
async function steppedMachine(dir: string) {
  const bin = join(dir, 'bin');
  const log = join(dir, 'builds.log');
  await mkdir(bin);
  await writeFile(log, '');
  const stated = [recipeOf('nats-server').version, recipeOf('nats').version, recipeOf('etcd').version];
  await fakeProgram(
    bin,
    'go',
    `
if [ "$1" = version ]; then echo "go version go1.99.0 linux/amd64"; exit 0; fi
while [ "$1" != -o ]; do shift; done
program=\${2##*/}
echo "$program $(/usr/bin/nice)" >> '${log}'
until [ -e '${dir}/'$program ]; do /bin/sleep 0.02; done
read -r verdict < '${dir}/'$program
[ "$verdict" = fails ] && { echo "no route for $program" >&2; exit 1; }
case $program in nats-server) text='nats-server: v${stated[0]}';; nats) text='v${stated[1]}';; *) text='etcd Version: ${stated[2]}';; esac
printf '#!/bin/sh\\necho "%s"\\n' "$text" > "$2"
/bin/chmod 755 "$2"`,
  );
  vi.stubEnv('PATH', bin);
  vi.stubEnv('DR_CONTRACTS_CACHE', join(dir, 'cache'));
  return {
    finish: async (program: ToolName) => await writeFile(join(dir, program), 'is built\n'),
    fail: async (program: ToolName) => await writeFile(join(dir, program), 'fails\n'),
    built: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== ''),
  };
}

describe('programs that are obtained for a run', () => {
  const begin = (wishes: readonly (readonly ToolName[])[], more: Partial<ObtainOptions> = {}) =>
    beginObtaining(wishes, {
      clock: systemClock,
      signal: new AbortController().signal,
      progress: () => undefined,
      ...more,
    });

  it('can be used one by one while the others are still being built', async () => {
    await using folder = await temporaryFolder();
    const { finish, built } = await steppedMachine(folder.dir);
    const activities = new Activities(systemClock);
    await using supply = begin([['etcd', 'nats-server'], ['nats-server']], { activities });
    await finish('nats-server');
    expect((await supply.obtained(['nats-server'])).inUse).toEqual([
      { name: 'nats-server', version: recipeOf('nats-server').version, source: 'built' },
    ]);
    let isThere = false;
    const etcd = supply.obtained(['etcd']).then(() => {
      isThere = true;
    });
    await vi.waitFor(async () => expect(await built()).toHaveLength(2));
    expect(isThere).toBe(false);
    const now = systemClock.monotonicMs();
    expect(activities.loadBetween(now, now + 1).map(({ what }) => what)).toEqual(['etcd']);
    await finish('etcd');
    await etcd;
    expect((await built()).map((line) => line.split(' ')[0])).toEqual(['nats-server', 'etcd']);
  });

  it('do not take the others along when one cannot be built, and each failure is told', async () => {
    await using folder = await temporaryFolder();
    const { finish, fail } = await steppedMachine(folder.dir);
    for (const program of ['nats-server', 'etcd'] as const) await fail(program);
    await finish('nats');
    const said: string[] = [];
    await using supply = begin([['nats-server', 'nats', 'etcd']], { progress: (message) => said.push(message) });
    await expect(supply.obtained(['nats-server', 'nats'])).rejects.toThrow('no route for nats-server');
    expect((await supply.obtained(['nats'])).path('nats')).toContain(folder.dir);
    await expect(supply.obtained(['etcd'])).rejects.toThrow('no route for etcd');
    expect(said.filter((line) => line.includes('cannot be obtained'))).toHaveLength(2);
    const all = obtain(['nats-server', 'nats', 'etcd']);
    await expect(all).rejects.toThrow(AggregateError);
    await expect(all).rejects.toMatchObject({
      errors: [
        { message: expect.stringContaining('no route for nats-server') },
        { message: expect.stringContaining('no route for etcd') },
      ],
    });
  });

  it('are built at the lowest priority beside drills, and at the usual one otherwise', async () => {
    await using folder = await temporaryFolder();
    const { finish, built } = await steppedMachine(folder.dir);
    for (const program of ['nats', 'etcd'] as const) await finish(program);
    await obtain(['etcd']);
    await using supply = begin([['nats']], { givesWay: true });
    await supply.obtained(['nats']);
    const [usual, low] = (await built()).map((line) => Number(line.split(' ')[1]));
    expect(low).toBe(19);
    expect(usual).toBe(getPriority());
  });

  it('end when nobody needs them any more', async () => {
    await using folder = await temporaryFolder();
    const { built } = await steppedMachine(folder.dir);
    const supply = begin([['nats-server', 'nats']]);
    const nats = supply.obtained(['nats']);
    nats.catch(() => undefined);
    await vi.waitFor(async () => expect(await built()).toHaveLength(1));
    await supply[Symbol.asyncDispose]();
    await expect(nats).rejects.toThrow('not needed any more');
    expect(await built()).toHaveLength(1);
  });

  it('may be wished for later', async () => {
    await using folder = await temporaryFolder();
    const { finish } = await steppedMachine(folder.dir);
    for (const program of ['nats', 'etcd'] as const) await finish(program);
    await using supply = begin([['nats']]);
    expect((await supply.obtained(['etcd'])).inUse.map(({ name }) => name)).toEqual(['etcd']);
  });

  it('that need another builder are obtained where one builder is missing', async () => {
    await using folder = await temporaryFolder();
    const { finish } = await steppedMachine(folder.dir);
    await finish('nats');
    await using supply = begin([['aws', 'nats']]);
    await expect(supply.obtained(['aws'])).rejects.toThrow(/aws must be built\): expected Python/);
    expect((await supply.obtained(['nats'])).inUse).toHaveLength(1);
  });
});

/** Returns the environment in which Go builds a program for a user with that environment. */
async function environmentOfGo(environment: NodeJS.ProcessEnv): Promise<Readonly<Record<string, string>>> {
  await using folder = await temporaryFolder();
  const nats = recipeOf('nats');
  const kept = join(folder.dir, 'environment');
  const builderPath = await fakeProgram(folder.dir, 'go', `/usr/bin/env >'${kept}'; exit 1`);
  const build = { entry: await cacheEntryOf(nats, folder.dir), recipes: [nats], builderPath };
  const signal = new AbortController().signal;
  const filled = fillEntry(build, { clock: systemClock, signal, environment, say: () => undefined });
  await expect(filled).rejects.toThrow('exited 1');
  const lines = (await readFile(kept, 'utf8')).split('\n');
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/, 2)));
}

describe('the surroundings of a Go build', () => {
  it('keep proxies and the number of jobs, and drop what would build something else', async () => {
    const environment = await environmentOfGo({
      GOPROXY: 'https://mirror.example',
      GOFLAGS: '-mod=vendor -p=1 -modcacherw -tags=x',
      GOOS: 'plan9',
      CGO_ENABLED: '1',
      GOWORK: '/elsewhere/go.work',
    });
    expect(environment).toMatchObject({ GOPROXY: 'https://mirror.example', CGO_ENABLED: '0', GOWORK: 'off' });
    expect(environment['GOFLAGS']).toBe('-buildvcs=false -p=1 -modcacherw');
    expect(environment['GOOS']).not.toBe('plan9');
  });

  it('let compilers collect no garbage where memory suffices for one on each processor, unless the user decides', async () => {
    const freeBytesEach = (bytes: number) =>
      vi.spyOn(process, 'availableMemory').mockReturnValue(bytes * availableParallelism());
    freeBytesEach(4 * 1024 ** 3);
    expect(await environmentOfGo({})).toMatchObject({ GOGC: 'off', GOMEMLIMIT: '2147483648B' });
    expect(await environmentOfGo({ GOGC: '50' })).toMatchObject({ GOGC: '50' });
    expect(await environmentOfGo({ GOMEMLIMIT: '512MiB' })).not.toHaveProperty('GOGC');
    freeBytesEach(1024 ** 3);
    expect(await environmentOfGo({})).not.toHaveProperty('GOGC');
  });
});

describe('the Go that builds', () => {
  /** Finds the Go on that PATH for modules with these `go` lines. */
  async function findGo(dir: string, lines: readonly string[], PATH = '') {
    const nats = recipeOf('nats');
    if (nats.kind !== 'go') throw new Error('nats is built with Go');
    const recipes = lines.map((_, index) => ({
      ...nats,
      goModule: relative(join(lockFolder, 'go'), join(dir, String(index))),
    }));
    for (const [index, line] of lines.entries()) {
      await mkdir(join(dir, String(index)), { recursive: true });
      await writeFile(join(dir, String(index), 'go.mod'), `module example.test\n\ngo ${line}\n`);
    }
    const signal = new AbortController().signal;
    const [go] = await findBuilders(recipes, { environment: { PATH }, clock: systemClock, signal });
    return go;
  }

  it('is wanted as new as the newest line asks, where the first number that differs decides', async () => {
    await using folder = await temporaryFolder();
    // Few numbers, so that the first ones are often the same.
    const part = fc.constantFrom(0, 9, 10);
    const version = fc.tuple(part, part, part);
    await fc.assert(
      fc.asyncProperty(version, version, async (one, other) => {
        const weight = ([a, b, c]: [number, number, number]) => a * 10_000 + b * 100 + c;
        const newest = weight(one) > weight(other) ? one : other;
        const go = await findGo(folder.dir, [one.join('.'), other.join('.')]);
        expect(go?.wantedVersion).toBe(`${newest.join('.')} or newer`);
      }),
    );
  });

  it.each([
    ['1.26', '1.26.0', true],
    ['1.9', '1.26.0', false],
    ['1.26.3', '1.26.4', false],
    ['1.26.10', '1.26.4', true],
    ['2.0', '1.26.4', true],
  ])('may be %s where %s is wanted: %s', async (version, line, may) => {
    await using folder = await temporaryFolder();
    const path = await fakeProgram(folder.dir, 'go', `echo go version go${version} linux/amd64`);
    expect(await findGo(folder.dir, [line], folder.dir)).toMatchObject(
      may ? { version, path } : { version, problem: `${path} is Go ${version}` },
    );
  });
});
