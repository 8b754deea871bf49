import { describe, expect, it } from 'vitest';
import { Slot, uniqueLabel } from '../base/slot.ts';
import { systemClock } from '../clock/clock.ts';
import { type LosablePlace, type OwnPlaceRequest, service } from '../model/service.ts';
import { isRunning } from '../process/identity.ts';
import { type Provider, type Runtime, sharedSupplier, supplier } from '../registered/provider.ts';
import { openTrialRuntime } from '../targets/trial-runtime.ts';
import { arrived, notYet, waitFor } from '../wait/wait.ts';
import { providerCourses } from './provider-courses.ts';
import { providerConformance } from './suite.ts';

interface WordServer extends LosablePlace {
  readonly url: string;
}

const PASSWORD = 'a-password-of-this-test';
const SERVER = `require('http').createServer((_, response) => response.end()).listen(process.argv[1], '127.0.0.1')`;

const wordServer = service<WordServer, OwnPlaceRequest>({
  name: 'word-server',
  capability: 'words',
  tellCredentials: (place, secrets) => {
    secrets.add(PASSWORD, 'password of the word server');
    return place;
  },
});

/** Faults that a test plants in an author's server. */
interface Faults {
  readonly arguments?: readonly string[];
  /** True for a server that does not pass on the signal of its start. */
  readonly isDeaf?: true;
  readonly place?: (works: WordServer, all: WordServer[]) => Partial<WordServer>;
  readonly provider?: Partial<Provider>;
}

async function startServer(name: string, port: number, runtime: Runtime, signal: AbortSignal, faults: Faults) {
  const starting = await runtime.startProgram({
    name,
    tool: { path: process.execPath },
    args: ['-e', SERVER, String(port), ...(faults.arguments ?? [])],
    ending: 'immediate',
  });
  const url = `http://127.0.0.1:${port}`;
  const look = async (looking: AbortSignal) =>
    (await fetch(url, { signal: looking })).ok ? arrived(undefined) : notYet('it answers with an error');
  const heard = faults.isDeaf === true ? new AbortController().signal : signal;
  const { process: server } = await starting.untilServing({ for: `${url} to answer`, budgetMs: 20_000, look }, heard);
  if (faults.isDeaf === true) signal.throwIfAborted();
  return { url, port, server, [Symbol.asyncDispose]: async () => void (await server.kill()) };
}

function words(faults: Faults = {}): Provider {
  const all: WordServer[] = [];
  return {
    capability: 'words',
    needs: [],
    suppliedBy: { local: { tools: [] } },
    typicalDrillS: 1,
    suppliers: [
      supplier(wordServer, async ({ label }, runtime, signal) => {
        const name = `words-${uniqueLabel(label)}`;
        const begin = (port: number, during: AbortSignal) => startServer(name, port, runtime, during, faults);
        const first = () => runtime.onFreePorts(1, ([port = 0]) => begin(port, signal));
        const slot = await Slot.open(name, first, runtime.clock);
        const { url, port } = slot.first;
        const works: WordServer = {
          url,
          isAlive: async () => slot.current?.server.isAlive() ?? false,
          lose: () =>
            slot.lose(async ({ server }) => {
              await server.kill();
              return 'killed with SIGKILL';
            }),
          replace: (replacing) => slot.replace(() => begin(port, replacing)),
          [Symbol.asyncDispose]: () => slot[Symbol.asyncDispose](),
        };
        const place = { ...works, ...faults.place?.(works, all) };
        all.push(place);
        return place;
      }),
    ],
    ...faults.provider,
  };
}

/** A server that all drills of a run share. */
const shared = (server: string): Provider => ({
  capability: 'letters',
  needs: [],
  suppliedBy: { local: { tools: [] } },
  typicalDrillS: 1,
  suppliers: [
    sharedSupplier(service({ name: 'letter-server', capability: 'letters' }), async (runtime, signal) => {
      const starting = await runtime.startProgram({
        name: 'letters',
        tool: { path: process.execPath },
        args: ['-e', server],
        ending: 'immediate',
      });
      // A careless author does not wait for anything. The suite checks when the start has returned.
      const look = async () =>
        isRunning(starting.identity) && server.includes('exit') ? notYet('it runs') : arrived(undefined);
      await waitFor({ for: 'the server to begin', budgetMs: 10_000, look }, runtime.clock, signal);
      return starting;
    }),
  ],
});

// The suites themselves pass on providers that work.
providerConformance(words());
providerConformance(shared('setInterval(() => {}, 1_000)'));

async function failuresOf(faults: Faults): Promise<string[]> {
  const failures: string[] = [];
  for (const { checks, end } of providerCourses(words(faults), {}, () => openTrialRuntime({}, systemClock))) {
    for (const { title, run } of checks) {
      await run(new AbortController().signal).catch((error: unknown) => {
        failures.push(`${title}: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
    await end();
  }
  return failures;
}

it('a shared server that ends by itself is told', async () => {
  const [, course] = providerCourses(shared('process.exit()'), {}, () => openTrialRuntime({}, systemClock));
  const [check] = course?.checks ?? [];
  await expect(check?.run(new AbortController().signal)).rejects.toThrow(
    /programs that keep running, but 1 of 1 ended already/,
  );
});

describe('a provider with a fault fails, with a message that names it', () => {
  it.each<[fault: string, faults: Faults, message: RegExp]>([
    ['names a target that there is not', { provider: { suppliedBy: { cloud: { tools: [] } } } }, /it names "cloud"/],
    [
      'supplies a service of another capability',
      { provider: { capability: 'letters' } },
      /suppliers: expected services of its own capability, but word-server stands on words/,
    ],
    [
      'names a command line by a relative path',
      { provider: { commandLines: { words: 'bin/words' } } },
      /commandLines: expected absolute paths, but words is at bin\/words/,
    ],
    [
      'puts its password into an argument',
      { arguments: [PASSWORD] },
      /keeps credentials out of argument lists: .* contains a credential that tellCredentials\(\) reports/,
    ],
    [
      'does not end its server when it is lost',
      { place: () => ({ lose: async () => 'nothing was done' }) },
      /lose\(\): expected every process of the place to end, but words-\S+ still runs/,
    ],
    [
      'does not say what it did',
      { place: ({ lose }) => ({ lose: async () => await lose().then(() => '') }) },
      /it is empty/,
    ],
    [
      'loses the other places, too',
      {
        place: ({ lose }, all) => ({
          lose: async () => {
            const said = await lose();
            for (const other of all.slice(1)) if (await other.isAlive()) await other[Symbol.asyncDispose]();
            return said;
          },
        }),
      },
      /lose\(\): expected the other place to keep running/,
    ],
    [
      'replaces nothing',
      { place: () => ({ replace: async () => undefined }) },
      /replace\(\): expected a place that is alive/,
    ],
    [
      'leaves its server when it is disposed',
      { place: () => ({ [Symbol.asyncDispose]: async () => undefined }) },
      /disposal: expected every program of the place to have ended/,
    ],
    [
      'cannot be disposed twice',
      {
        place: (works) => {
          let isDisposed = false;
          const dispose = async () => {
            if (isDisposed) throw new Error('it is gone');
            isDisposed = true;
            await works[Symbol.asyncDispose]();
          };
          return { [Symbol.asyncDispose]: dispose };
        },
      },
      /disposal: expected to be possible twice, but the second call failed: it is gone/,
    ],
    [
      'does not hear that its start is aborted',
      { isDeaf: true },
      /start\(\): expected an aborted start to end what it has started/,
    ],
  ])('one that %s', async (_fault, faults, message) => {
    expect(await failuresOf(faults)).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });
});
