import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Slot, uniqueLabel } from '../../base/slot.ts';
import { httpRequest } from '../../clients/http.ts';
import { systemClock } from '../../clock/clock.ts';
import { type LosablePlace, type OwnPlaceRequest, service } from '../../model/service.ts';
import { type Provider, type Runtime, supplier } from '../../registered/provider.ts';
import { capabilitiesOf, registerProviders } from '../../registered/providers.ts';
import { arrived, notYet } from '../../wait/wait.ts';
import { attachTo } from '../attach.ts';
import { type StartedTarget, startTarget } from '../start.ts';
import { processes } from './attach.ts';
import { asProcesses } from './runtime.ts';
import { patient } from './testing.ts';

// A third-party provider: its server is not one of the shipped systems, and starts as a process of the target.

interface WordServer extends LosablePlace {
  readonly url: string;
  readonly password: string;
}

const wordServer = service<WordServer, OwnPlaceRequest>({
  name: 'word-server',
  capability: 'words',
  tellCredentials: (place, secrets) => {
    secrets.add(place.password, 'password of the word server');
    return place;
  },
});

const SERVER = `
import { createServer } from 'node:http';
createServer((_, response) => response.end(process.env.WORD)).listen(Number(process.argv[2]), '127.0.0.1');
`;

async function startServer(name: string, runtime: Runtime, signal: AbortSignal, givenPort?: number) {
  const program = join(runtime.folder('words', name), 'server.mjs');
  await writeFile(program, SERVER);
  const start = async ([port = 0]: readonly number[]) => {
    const starting = await runtime.startProgram({
      name,
      tool: { path: process.execPath },
      args: [program, String(port)],
      env: { WORD: 'hello' },
      ending: 'immediate',
    });
    const url = `http://127.0.0.1:${port}`;
    const { process: server } = await starting.untilServing(
      {
        for: `${url} to answer`,
        budgetMs: 20_000,
        look: async (looking) => {
          const { status } = await httpRequest('GET', url, looking);
          return status === 200 ? arrived(undefined) : notYet(`it answers ${status}`);
        },
      },
      signal,
    );
    return { url, port, server, [Symbol.asyncDispose]: async () => void (await server.kill()) };
  };
  return givenPort === undefined ? await runtime.onFreePorts(1, start) : await start([givenPort]);
}

const provider: Provider = {
  capability: 'words',
  needs: [],
  suppliedBy: { local: { tools: [] } },
  typicalDrillS: 1,
  suppliers: [
    supplier(wordServer, async ({ label }, runtime, signal) => {
      const name = uniqueLabel(label);
      const slot = await Slot.open(`word server ${name}`, () => startServer(name, runtime, signal), runtime.clock);
      const { url, port } = slot.first;
      return {
        url,
        password: 'a-password-of-this-test',
        isAlive: async () => slot.current?.server.isAlive() ?? false,
        lose: () =>
          slot.lose(async ({ server }) => {
            await server.kill();
            return 'killed with SIGKILL';
          }),
        replace: (replacing) => slot.replace(() => startServer(name, runtime, replacing, port)),
        [Symbol.asyncDispose]: async () => {
          await slot[Symbol.asyncDispose]();
          await rm(runtime.folder('words', name), { recursive: true, force: true });
        },
      };
    }),
  ],
};

let started: StartedTarget;

beforeAll(async () => {
  registerProviders([provider]);
  started = await startTarget(asProcesses(), {
    toolchain: { path: (name) => name, inUse: [] },
    parts: ['words'],
    clock: systemClock,
    signal: patient,
    progress: () => undefined,
  });
});

afterAll(async () => {
  await started?.[Symbol.asyncDispose]();
});

const answers = async (url: string): Promise<boolean> =>
  await httpRequest('GET', url, patient).then(
    ({ status }) => status === 200,
    () => false,
  );

test('a provider of somebody else starts a place of a drill, which is lost, replaced and given back', async () => {
  expect(capabilitiesOf('local')).toContain('words');
  expect(capabilitiesOf('docker')).not.toContain('words');
  const target = attachTo(processes, started.handle, { clock: systemClock });
  expect(target.offers(wordServer)).toBe(true);
  const place = await target.place(wordServer, { label: 'Words!' }, patient);
  onTestFinished(() => place[Symbol.asyncDispose]());
  expect(await answers(place.url)).toBe(true);
  expect(await place.lose()).toBe('killed with SIGKILL');
  expect([await place.isAlive(), await answers(place.url)]).toEqual([false, false]);
  await place.replace(patient);
  expect([await place.isAlive(), await answers(place.url)]).toEqual([true, true]);
});

test('what nobody gave back ends with the target', async () => {
  const place = await started.target.place(wordServer, { label: 'left' }, patient);
  await started[Symbol.asyncDispose]();
  expect(await answers(place.url)).toBe(false);
});

test('two providers of one capability are refused, and the same one twice is not', () => {
  expect(() => registerProviders([provider])).not.toThrow();
  expect(() => registerProviders([{ ...provider }])).toThrow(/provider of words: expected to be the only one/);
});
