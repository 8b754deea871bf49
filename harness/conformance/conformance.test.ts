import { describe, expect, it } from 'vitest';
import { compareContent, fingerprintContent } from '../asset-kit/content.ts';
import type { OpenAsset } from '../model/asset.ts';
import type { Procedure } from '../model/procedure.ts';
import { coursesOf } from './courses.ts';
import type { Sabotages } from './options.ts';
import { conformance, noServers } from './suite.ts';
import { type Change, itemsOf, listOf, toyKind, toyProcedure, toySabotage, toyWorld } from './testing/toy.ts';

// The suite itself passes on an asset that works.
const whole = toyWorld();
conformance(toyKind(whole), { sabotage: toySabotage(whole), protectedBy: toyProcedure(whole) });

/** Returns the tests that a plug-in with this fault fails, with their messages. */
async function failuresOf(change: Change, procedure: (works: Procedure) => Partial<Procedure> = () => ({})) {
  const world = toyWorld();
  const works = toyProcedure(world);
  const protectedBy = { ...works, ...procedure(works) };
  const kind = toyKind(world, change);
  const options = { sabotage: toySabotage(world), protectedBy, budgetMs: 400, goneBudgetMs: 120 };
  const failures = new Map<string, string>();
  for (const course of coursesOf(kind, options, async () => ({ kind, protectedBy, target: noServers }))) {
    for (const { title, run } of course.checks) {
      await run(new AbortController().signal).catch((error: unknown) => {
        failures.set(title, error instanceof Error ? error.message : String(error));
      });
    }
    await course.end();
  }
  return failures;
}

const changed = <Name extends keyof OpenAsset>(name: Name, member: (works: OpenAsset) => OpenAsset[Name]): Change => {
  return (works) => ({ [name]: member(works) });
};

describe('a plug-in with a fault fails, with a message that names it', () => {
  it.each<[fault: string, change: Change, test: string, message: RegExp]>([
    [
      'seeds less than it says',
      changed('seed', (works) => async (step) => ({ ...(await works.seed(step)), items: 7 })),
      'seeds what it says',
      /seed\(\): expected as many items in the asset as it says, but it says 7, and the fingerprint counts 6/,
    ],
    [
      'has another fingerprint each time',
      changed('fingerprint', (works) => async (step) => {
        const content = await works.fingerprint(step);
        return { ...content, digest: `sha256:${content.path}` };
      }),
      'has the same fingerprint twice',
      /fingerprint\(\): expected the same digest for the same content, but two calls gave/,
    ],
    [
      'takes its markers for content',
      (_works, { drillId }, world) => ({
        compare: (expected) => {
          const { entries, markers, incarnation } = listOf(world, drillId);
          const all = [...entries, ...markers.map(({ body }) => body)];
          return compareContent(expected, itemsOf({ entries: all, markers, incarnation }));
        },
      }),
      'keeps markers and probe writes apart',
      /compare\(\): expected no difference after markers and probe writes.*but it found 0 missing, 3 extra/,
    ],
    [
      'reports a write as refused that took effect',
      (works, { drillId }, world) => ({
        lanes: works.lanes.map((lane) => ({
          ...lane,
          write: async (sequence, body, signal) => {
            listOf(world, drillId).markers.push({ sequence, body });
            await Promise.resolve();
            signal.throwIfAborted();
          },
        })),
      }),
      'reports writes that may have taken effect',
      /expected an IndeterminateWriteError for marker 4.*but it was rejected as refused.*and is there/,
    ],
    [
      'acknowledges a write that is not stored',
      changed('lanes', (works) => works.lanes.map((lane) => ({ ...lane, write: async () => undefined }))),
      'keeps markers and probe writes apart',
      /the 3 markers that it acknowledged, in their order and unchanged, but it holds none/,
    ],
    [
      'says that it is gone while it lives',
      changed('proveGone', () => async () => [{ what: 'the list', gone: true, observed: 'it must be gone' }]),
      'is not proved gone while it lives',
      /proveGone\(\): expected every read to find the asset while it lives, but "the list" says that it is gone/,
    ],
    [
      'destroys nothing',
      changed('destroy', () => async () => ({ exercised: 'the list was removed' })),
      'is destroyed, and every part of it is proved gone',
      /proveGone\(\): expected every read to show it gone within 120 ms, but these do not: "the list": it is there/,
    ],
    [
      'destroys nothing and says ever after that it is gone',
      () => {
        let isDestroyed = false;
        return {
          destroy: async () => {
            isDestroyed = true;
            return { exercised: 'the list was removed' };
          },
          proveGone: async () => [{ what: 'the list', gone: isDestroyed, observed: 'as destroy() says' }],
        };
      },
      'is destroyed, and every part of it is proved gone',
      /probe.read\(\): expected to reject once the asset is gone, but it read what was seeded/,
    ],
    [
      'destroys what another drill made',
      (_works, _options, world) => ({
        destroy: async () => {
          world.lists.clear();
          return { exercised: 'all lists were removed' };
        },
      }),
      'takes nothing of another drill with it',
      /destroy\(\): expected the asset of another drill to be as it was/,
    ],
    [
      'compares only how many there are',
      changed('compare', (works) => async (expected, step) => {
        const { items, ...rest } = await works.compare(expected, step);
        const counted = items.map((counts) => ({
          ...counts,
          differing: 0,
          matched: counts.matched + counts.differing,
        }));
        return { ...rest, items: counted, firstDifferences: [] };
      }),
      'notices an item that was altered',
      /compare\(\): expected at least one item that differs after `sabotage.alter`.*but it found 0 missing, 0 extra and 0/,
    ],
    [
      'compares only what is there',
      changed('compare', (works) => async (expected, step) => {
        const { items, ...rest } = await works.compare(expected, step);
        return { ...rest, items: items.map((counts) => ({ ...counts, missing: 0, matched: counts.expected })) };
      }),
      'notices an item that was dropped',
      /compare\(\): expected at least one item missing after `sabotage.drop`.*Walk the fingerprint, not what is there/,
    ],
    [
      'compares only what was expected',
      changed('compare', (works) => async (expected, step) => {
        const { items, ...rest } = await works.compare(expected, step);
        return { ...rest, items: items.map((counts) => ({ ...counts, extra: 0 })) };
      }),
      'notices an item that was added',
      /compare\(\): expected at least one extra item after `sabotage.add`/,
    ],
    [
      'sorts what has an order',
      (_works, { drillId }, world) => {
        const sorted = async function* () {
          const list = listOf(world, drillId);
          yield* itemsOf({ ...list, entries: list.entries.toSorted() });
        };
        return {
          fingerprint: (step) => fingerprintContent(sorted(), step),
          compare: (expected) => compareContent(expected, sorted()),
        };
      },
      'notices items that were reordered',
      /compare\(\): expected a difference at their places after `sabotage.reorder`/,
    ],
    [
      'counts differences and names none',
      changed('compare', (works) => async (expected, step) => ({
        ...(await works.compare(expected, step)),
        firstDifferences: [],
      })),
      'notices an item that was dropped',
      /compare\(\): expected the first differences by name/,
    ],
    [
      'leaves something behind',
      changed(Symbol.asyncDispose, () => async () => undefined),
      'leaves nothing behind',
      /disposal: expected nothing to be left.*but lane markers of the list still holds/,
    ],
    [
      'spares its markers in the disaster',
      changed('lanes', ({ lanes }) =>
        lanes.map((lane) => {
          const spared: { sequence: number; body: string }[] = [];
          return {
            ...lane,
            write: async (sequence: number, body: string, signal: AbortSignal) => {
              await lane.write(sequence, body, signal);
              spared.push({ sequence, body });
            },
            read: async function* () {
              yield* spared;
            },
          };
        }),
      ),
      'is destroyed, and every part of it is proved gone',
      /lane markers of the list: expected its markers to go with the content.*are still there after the disaster/,
    ],
    [
      'alters nothing between two backups',
      changed('alter', () => async () => ['grapes added']),
      'changes its content between two backups',
      /alter\(\): expected content that differs from what it was \(grapes added\)/,
    ],
    [
      'has the same identity after the restore',
      changed('identify', () => async () => [{ what: 'name', value: 'the list' }]),
      'is restored with all its content and markers',
      /identify\(\): expected another identity after the restore.*name is still the list/,
    ],
    [
      'misspells the name of a secret variable',
      () => ({ secretVariables: ['TOY_PASSWORD'] }),
      'seeds what it says',
      /expected names of variables of environment\(\) \(TOY_LIST\), but TOY_PASSWORD is not one of them/,
    ],
    [
      'announces another proof than it gives',
      changed('expectedProof', () => () => ({ absence: ['the file of the list'] })),
      'is destroyed, and every part of it is proved gone',
      /expectedProof\(\): expected the reads of proveGone\(\).*but it announces the file of the list/,
    ],
  ])('that %s', async (_fault, change, test, message) => {
    const failures = await failuresOf(change);
    expect(failures.get(test), [...failures].join('\n')).toMatch(message);
  });

  it.each<[fault: string, change: (works: Procedure) => Partial<Procedure>, test: string, message: RegExp]>([
    [
      'restores nothing',
      () => ({ restore: async () => ({ claimed: 'Completed', warnings: [], commands: ['copy back'] }) }),
      'is not restored from a recovery point that is not there',
      /restore\(\) of a copy in memory: expected to throw for a recovery point that is not there/,
    ],
    [
      'says when it captured before it was called',
      ({ backup }) => ({
        backup: async (context) => ({
          ...(await backup(context)),
          captureBegan: { utc: '2026-01-01T00:00:00Z', monotonicMs: 0 },
        }),
      }),
      'is backed up, and the recovery point is what was found',
      /expected a capture that begins after the call/,
    ],
    [
      'has one name for all its backups',
      ({ backup }) => ({ backup: async (context) => ({ ...(await backup(context)), id: 'backup-1' }) }),
      'is backed up, and the recovery point is what was found',
      /expected a second recovery point beside the first one, or `replacesEarlier`, but both are backup-1/,
    ],
    [
      'found nothing at the destination',
      ({ backup }) => ({ backup: async (context) => ({ ...(await backup(context)), objects: 0 }) }),
      'is backed up, and the recovery point is what was found',
      /expected what was found at the destination, but 0 objects/,
    ],
    [
      'tells no step of its recovery',
      ({ restore }) => ({
        restore: async (point, context) => ({ ...(await restore(point, context)), commands: [] }),
      }),
      'is restored with all its content and markers',
      /expected the steps of the recovery, reported by `performing`/,
    ],
  ])('a procedure that %s', async (_fault, change, test, message) => {
    const failures = await failuresOf(() => ({}), change);
    expect(failures.get(test), [...failures].join('\n')).toMatch(message);
  });
});

it('a plug-in that works fails nothing', async () => {
  expect([...(await failuresOf(() => ({})))]).toEqual([]);
});

/** Runs one check of the comparison, on a toy asset that the other sabotages have left as it was. */
async function noticing(
  title: string,
  sabotageOf: (world: ReturnType<typeof toyWorld>) => Partial<Sabotages>,
): Promise<void> {
  const world = toyWorld();
  const kind = toyKind(world);
  const sabotage = { ...toySabotage(world), ...sabotageOf(world) };
  const prepare = async () => ({ kind, protectedBy: undefined, target: noServers });
  const course = coursesOf(kind, { sabotage }, prepare).at(-1);
  const [seed, ...others] = course?.checks ?? [];
  const signal = new AbortController().signal;
  await seed?.run(signal);
  try {
    await others.find((each) => each.title === title)?.run(signal);
  } finally {
    await course?.end();
  }
}

it('a sabotage that does nothing is named as well', async () => {
  await expect(noticing('notices an item that was added', () => ({ add: async () => undefined }))).rejects.toThrow(
    /the fingerprint did not change, so look at the sabotage, too/,
  );
});

it('a sabotage that alters an item which is not there is told apart from a blind comparison', async () => {
  await expect(
    noticing('notices an item that was altered', (world) => ({ alter: toySabotage(world).add })),
  ).rejects.toThrow(/the sabotage added an item: an earlier sabotage may have removed the one that it names/);
});

it('a disaster that the asset does not know is refused when the suite is made', () => {
  const world = toyWorld();
  expect(() => conformance(toyKind(world), { sabotage: toySabotage(world), disasters: ['wipd'] })).toThrow(
    /expected disasters of this asset: wiped, but `disasters` names "wipd"/,
  );
});
