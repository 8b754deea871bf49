import { describe, expect, test } from 'vitest';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import { workThrough } from './work-through.ts';

const never = new AbortController().signal;

test('works through every item, so many at a time', async () => {
  const clock = new ManualClock();
  const done: number[] = [];
  let underWay = 0;
  let most = 0;
  const working = workThrough([1, 2, 3, 4, 5], 2, never, async (item, signal) => {
    underWay += 1;
    most = Math.max(most, underWay);
    await clock.pause(10, signal);
    underWay -= 1;
    done.push(item);
  });
  await clock.drive(working);
  expect([done, most]).toEqual([[1, 2, 3, 4, 5], 2]);
});

test('B23: the first error ends the others at once, and begins no further item', async () => {
  const clock = new ManualClock();
  const began: number[] = [];
  const reasons: unknown[] = [];
  const beganMs = clock.monotonicMs();
  const working = workThrough([1, 2, 3, 4], 2, never, async (item, signal) => {
    began.push(item);
    if (item === 2) {
      await clock.pause(10, signal);
      throw new Error('disk full');
    }
    await clock.pause(600_000, signal).catch((reason: unknown) => reasons.push(reason));
  });
  await expect(clock.drive(working)).rejects.toThrow(/^disk full$/);
  expect(began).toEqual([1, 2]);
  expect(reasons.map(String)).toEqual(['GivenUpError: given up because of an error elsewhere in the run: disk full']);
  expect(clock.monotonicMs() - beganMs).toBe(10);
});

test('keeps the first error first, with those of the others behind it', async () => {
  const clock = new ManualClock();
  const first = new Error('disk full');
  const working = workThrough([1, 2], 2, never, async (item, signal) => {
    if (item === 1) throw first;
    await clock.pause(600_000, signal).catch(() => undefined);
    throw new Error('the clean-up failed');
  });
  await expect(clock.drive(working)).rejects.toMatchObject({ message: 'disk full', cause: first });
});

/** Makes items that become near and ready on command of a test. */
function turns(names: readonly string[], apart: Readonly<Record<string, readonly string[]>> = {}) {
  const gates = new Map(
    names.map((name) => [name, { near: Promise.withResolvers<void>(), ready: Promise.withResolvers<void>() }]),
  );
  const began: string[] = [];
  const ends = new Map(names.map((name) => [name, Promise.withResolvers<void>()]));
  const gate = (name: string) => gates.get(name) ?? expect.unreachable(name);
  const controller = new AbortController();
  const done = workThrough(
    names,
    2,
    controller.signal,
    async (name) => {
      began.push(name);
      await ends.get(name)?.promise;
    },
    (name) => {
      const others = apart[name];
      return {
        near: gate(name).near.promise,
        ready: gate(name).ready.promise,
        ...(others === undefined ? {} : { notBeside: (other) => others.includes(other) }),
      };
    },
  );
  const settle = async () => {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    began,
    done,
    abort: async () => {
      controller.abort(new Error('enough'));
      await settle();
    },
    near: async (...which: string[]) => {
      for (const name of which) gate(name).near.resolve();
      await settle();
    },
    ready: async (...which: string[]) => {
      for (const name of which) gate(name).ready.resolve();
      await settle();
    },
    fail: async (name: string) => {
      gate(name).near.reject(new Error('no compiler'));
      gate(name).ready.reject(new Error('no compiler'));
      await settle();
    },
    end: async (name: string) => {
      ends.get(name)?.resolve();
      await settle();
    },
  };
}

describe('items that are not ready yet', () => {
  test('let those after them pass, and the rest keeps its order', async () => {
    const { began, near, ready, end, done } = turns(['long', 'short', 'late', 'last']);
    await near('short', 'last');
    await ready('last', 'short');
    expect(began).toEqual(['short', 'last']);
    await near('late', 'long');
    await ready('late', 'long');
    await end('short');
    expect(began).toEqual(['short', 'last', 'long']);
    for (const name of ['last', 'long', 'late']) await end(name);
    await done;
    expect(began).toEqual(['short', 'last', 'long', 'late']);
  });

  test('hold up every item while they are being started, and none while they are built', async () => {
    const { began, near, ready, end, done } = turns(['cluster', 'streams']);
    await near('streams', 'cluster');
    await ready('streams');
    expect(began).toEqual([]);
    await ready('cluster');
    expect(began).toEqual(['cluster', 'streams']);
    await end('cluster');
    await end('streams');
    await done;
  });

  test('begin when they cannot become ready: the work finds out why', async () => {
    const { began, fail, end, done } = turns(['cluster']);
    await fail('cluster');
    expect(began).toEqual(['cluster']);
    await end('cluster');
    await done;
  });

  test('begin on an abort, so that each of them is told', async () => {
    const { began, abort, end, done } = turns(['cluster', 'streams', 'bucket']);
    await abort();
    expect(began).toEqual(['cluster', 'streams']);
    for (const name of ['cluster', 'streams', 'bucket']) await end(name);
    await done;
    expect(began).toHaveLength(3);
  });
});

describe('an item that does not run beside some others', () => {
  test('comes first when it is ready together with others', async () => {
    const { began, near, ready, end, done } = turns(['streams', 'posture'], { posture: ['streams'] });
    await near('streams', 'posture');
    await ready('streams', 'posture');
    expect(began).toEqual(['posture']);
    await end('posture');
    expect(began).toEqual(['posture', 'streams']);
    await end('streams');
    await done;
  });

  test('waits for those under way, lets no other of them begin, and is passed while it is built', async () => {
    const { began, near, ready, end, done } = turns(['streams', 'bucket', 'posture'], {
      posture: ['streams', 'bucket'],
    });
    await near('streams');
    await ready('streams');
    expect(began).toEqual(['streams']);
    await near('posture', 'bucket');
    await ready('posture', 'bucket');
    expect(began).toEqual(['streams']);
    await end('streams');
    expect(began).toEqual(['streams', 'posture']);
    await end('posture');
    expect(began).toEqual(['streams', 'posture', 'bucket']);
    await end('bucket');
    await done;
  });

  test('runs beside all others, which begin while it waits', async () => {
    const { began, near, ready, end, done } = turns(['cluster', 'streams', 'posture'], { posture: ['cluster'] });
    await near('cluster', 'streams');
    await ready('cluster');
    await ready('streams');
    expect(began).toEqual(['cluster', 'streams']);
    await near('posture');
    await ready('posture');
    await end('cluster');
    expect(began).toEqual(['cluster', 'streams', 'posture']);
    for (const name of ['posture', 'streams']) await end(name);
    await done;
  });

  test('comes after one that stands before it and does not run beside it', async () => {
    const apart = { one: ['other'], other: ['one'] };
    const { began, near, ready, end, done } = turns(['streams', 'one', 'other'], apart);
    await near('streams', 'one', 'other');
    await ready('streams', 'one', 'other');
    expect(began).toEqual(['one', 'streams']);
    await end('streams');
    expect(began).toEqual(['one', 'streams']);
    await end('one');
    expect(began).toEqual(['one', 'streams', 'other']);
    await end('other');
    await done;
  });
});
