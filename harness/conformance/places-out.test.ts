import { expect, it } from 'vitest';
import { type OwnPlaceRequest, service } from '../model/service.ts';
import type { Target } from '../model/target.ts';
import { coursesOf } from './courses.ts';
import { PlacesOut } from './places-out.ts';
import { noServers } from './suite.ts';
import { toyKind, toyWorld } from './testing/toy.ts';

const words = service<AsyncDisposable, OwnPlaceRequest>({ name: 'word-server', capability: 'words' });
const letters = service<AsyncDisposable>({ name: 'letter-server', capability: 'letters' });
const never = new AbortController().signal;

/** A target that hands out a new place each time. */
function target(disposed: string[]): Target {
  const place = async () => ({
    [Symbol.asyncDispose]: async () => {
      disposed.push('disposed');
    },
  });
  return { ...noServers, place: place as unknown as Target['place'] };
}

it('a place of a drill is out until it is disposed of, and a shared place never is', async () => {
  const disposed: string[] = [];
  const out = new PlacesOut();
  const watched = out.watched(target(disposed));
  await watched.place(letters);
  const place = await watched.place(words, { label: 'a' }, never);
  expect(out.services).toEqual(['word-server']);
  await place[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
  expect([out.services, disposed]).toEqual([[], ['disposed', 'disposed']]);
});

it('an asset that keeps its place fails, with a message that names the service', async () => {
  const works = toyKind(toyWorld());
  const kind = {
    ...works,
    open: async (options: Parameters<typeof works.open>[0]) => {
      await options.target.place(words, { label: options.drillId }, options.step.signal);
      return await works.open(options);
    },
  };
  const failures: string[] = [];
  const prepared = { kind, protectedBy: undefined, target: target([]) };
  for (const { checks, end } of coursesOf(kind, { sabotage: 'elsewhere' }, async () => prepared)) {
    for (const { title, run } of checks) {
      await run(never).catch((error: unknown) => failures.push(`${title}: ${String(error)}`));
    }
    await end();
  }
  expect(failures).toEqual([
    expect.stringMatching(
      /^leaves nothing behind: .*disposal: expected every place .*, but a place of word-server was not/,
    ),
  ]);
});
