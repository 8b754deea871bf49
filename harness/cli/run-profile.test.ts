import { expect, it } from 'vitest';
import { Activities, type ActivityKind } from '../base/activities.ts';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import { madeUpDrill } from '../reporting/testing/made-up-records.ts';
import { profileOf, stagesOf } from './run-profile.ts';

/** Makes activities of a run on a clock of their own, with begin and end in milliseconds. */
async function activitiesOf(
  ...given: readonly (readonly [kind: ActivityKind, what: string, fromMs: number, toMs: number])[]
) {
  const clock = new ManualClock();
  const beganMs = clock.monotonicMs();
  const activities = new Activities(clock);
  const ends = new Map<number, () => void>();
  const lastMs = Math.max(...given.map(([, , , toMs]) => toMs));
  for (let nowMs = 0; nowMs <= lastMs; nowMs += 1) {
    for (const [index, [kind, what, fromMs, toMs]] of given.entries()) {
      if (fromMs === nowMs) {
        const end = activities.begin(kind, what);
        ends.set(index, () => end({ failed: false }));
      }
      if (toMs === nowMs) ends.get(index)?.();
    }
    await clock.pass(1);
  }
  return { activities, beganMs };
}

it('a stage lasts as long as anything of it goes on, and stages may overlap', async () => {
  const { activities } = await activitiesOf(
    ['obtaining', 'nats', 2, 10],
    ['obtaining', 'kubectl', 5, 40],
    ['starting', 'nats', 10, 11],
    ['drilling', 'nats-streams/server-lost', 11, 20],
    ['starting', 'kubernetes', 40, 45],
    ['drilling', 'api/namespace-deleted', 45, 60],
    ['loading', 'contracts', 0, 2],
  );
  expect(stagesOf(activities)).toEqual([
    { name: 'contracts loaded', durationMs: 2 },
    { name: 'toolchain', durationMs: 38 },
    { name: 'target started', durationMs: 6 },
    { name: 'drills', durationMs: 24 },
  ]);
});

it('the profile says of each program, part and drill when it began and how long it took', async () => {
  const { activities, beganMs } = await activitiesOf(
    ['obtaining', 'nats', 2, 10],
    ['starting', 'nats', 10, 11],
    ['drilling', 'nats-streams/stream-deleted', 11, 20],
  );
  activities.begin('obtaining', 'etcd')({ failed: false, source: 'missing' });
  activities.begin('obtaining', 'etcd')({ failed: true });
  const drill = madeUpDrill();
  const profile = profileOf(activities, [drill], beganMs);
  expect(profile).toMatchObject({
    obtaining: [
      { what: 'nats', beganMs: 2, durationMs: 8 },
      { what: 'etcd', failed: true },
    ],
    starting: [{ what: 'nats', beganMs: 10, durationMs: 1 }],
    drilling: [{ what: 'nats-streams/stream-deleted', beganMs: 11, durationMs: 9 }],
    stopping: [],
  });
  expect(profile.drilling[0]?.stages.map(({ name }) => name)).toEqual(drill.stages.map(({ name }) => name));
});
