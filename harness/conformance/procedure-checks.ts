import { withinBudget } from '../base/budget.ts';
import { systemClock } from '../clock/clock.ts';
import type { Identity } from '../model/asset.ts';
import type { Procedure, RecoveryPoint, RestoreContext } from '../model/procedure.ts';
import { arrived, waitFor } from '../wait/wait.ts';
import { requireSame } from './content-checks.ts';
import { requireGone } from './destruction-checks.ts';
import { differencesOf, isEqual, type Life } from './life.ts';

/** Recovery point of a procedure, and the content that a restore must bring back. */
export interface BackedUp {
  readonly point: RecoveryPoint;
  readonly isEarlier: boolean;
  readonly identities: readonly Identity[];
  /** Number of markers of each lane that were acknowledged before the capture. */
  readonly markers: ReadonlyMap<string, number>;
}

export async function requireBackedUp(life: Life, procedure: Procedure, signal: AbortSignal): Promise<BackedUp> {
  await procedure.check?.();
  const markers = new Map([...life.acknowledged].map(([lane, { length }]) => [lane, length]));
  const identities = await life.asset.identify(life.step(signal));
  const first = await backUp(life, procedure, undefined, signal);
  requireSame(life, await life.compare(signal), 'no difference after a backup, which only reads');
  if (typeof procedure.schedule === 'string') return { point: first, isEarlier: false, identities, markers };
  const second = await backUp(life, procedure, first, signal);
  if (second.replacesEarlier !== undefined) return { point: second, isEarlier: false, identities, markers };
  if (second.id === first.id) {
    throw life.fault({
      member: `backup() of ${procedure.description}`,
      expected: 'a second recovery point beside the first one, or `replacesEarlier`',
      observed: `both are ${first.id}`,
      nextStep: 'Give each recovery point an id of its own. Where the second one takes the place of the first, say so.',
    });
  }
  return { point: first, isEarlier: true, identities, markers };
}

async function backUp(
  life: Life,
  procedure: Procedure,
  earlier: RecoveryPoint | undefined,
  signal: AbortSignal,
): Promise<RecoveryPoint> {
  const { clock } = life.step(signal);
  const beganMs = clock.monotonicMs();
  const point = await procedure.backup({ ...life.context(signal), ...(earlier === undefined ? {} : { earlier }) });
  const endedMs = clock.monotonicMs();
  const wrong = (expected: string, observed: string, nextStep: string) =>
    life.fault({ member: `backup() of ${procedure.description}`, expected, observed, nextStep });
  const times = [beganMs, point.captureBegan.monotonicMs, point.durable.monotonicMs, endedMs];
  if (times.some((time, index) => time < (times[index - 1] ?? time))) {
    throw wrong(
      'a capture that begins after the call, is durable after that, and before the call ends',
      `in milliseconds of the clock: called, captured, durable and ended at ${times.map((time) => Math.round(time)).join(', ')}`,
      'Take both moments with `step.clock.now()`: before anything is read, and after the backup was seen at its place.',
    );
  }
  if (point.objects < 1 || point.sizeBytes < 1) {
    throw wrong(
      'what was found at the destination',
      `${point.objects} objects of ${point.sizeBytes} bytes`,
      'Look at the destination, and throw where nothing arrived.',
    );
  }
  for (const member of ['id', 'location', 'digest', 'encryption', 'immutability'] as const) {
    if (point[member].trim() === '') throw wrong(`a text in \`${member}\``, 'it is empty', 'Say what was observed.');
  }
  return point;
}

const restoreContext = (life: Life, isEarlier: boolean, signal: AbortSignal): RestoreContext => {
  const { clock } = life.step(signal);
  return {
    ...life.context(signal),
    disasterBegan: clock.now(),
    isEarlier,
    phase: async (_name, work) => await work(),
  };
};

/** Requires that a restore without a backup fails. A false success would count as a recovery. */
export async function requireMissingPointRefused(
  life: Life,
  procedure: Procedure,
  { point, isEarlier }: BackedUp,
  waitBudgetMs: number,
  signal: AbortSignal,
): Promise<void> {
  const nowhere = { ...point, id: `${point.id}-missing`, location: `${point.location}-missing` };
  try {
    // It may wait for a backup that does not exist yet, but it must not report a restore.
    await withinBudget('a restore of nothing', waitBudgetMs, { clock: systemClock, signal }, (each) =>
      procedure.restore(nowhere, restoreContext(life, isEarlier, each)),
    );
  } catch {
    signal.throwIfAborted();
    return;
  }
  throw life.fault({
    member: `restore() of ${procedure.description}`,
    expected: 'to throw for a recovery point that is not there',
    observed: `it resolved for ${nowhere.location}`,
    nextStep: 'Let every failure of the program end it, and look at its exit code.',
  });
}

export async function requireRestored(
  life: Life,
  procedure: Procedure,
  backedUp: BackedUp,
  budgetMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { asset } = life;
  const member = `restore() of ${procedure.description}`;
  life.performed.length = 0;
  const report = await procedure.restore(backedUp.point, restoreContext(life, backedUp.isEarlier, signal));
  if (life.performed.length === 0 && report.commands.length === 0) {
    throw life.fault({
      member,
      expected: 'the steps of the recovery, reported by `performing`, or the commands that were run',
      observed: 'it reported none, so the runbook would be empty',
      nextStep: 'Wrap each step in `performing(step, { what, command }, work)`.',
    });
  }
  await untilServed(life, budgetMs, signal);
  const comparison = await life.compare(signal);
  if (!isEqual(comparison)) {
    throw life.fault({
      member,
      expected: 'everything that the backup held',
      observed: `the comparison found ${differencesOf(comparison)}`,
      nextStep: 'Restore that recovery point by hand and look at what is missing.',
    });
  }
  await requireMarkersBack(life, member, backedUp, signal);
  await requireNewIdentity(life, backedUp.identities, signal);
  await requireAssured(life, signal);
  await asset.probe.write(signal);
}

async function untilServed(life: Life, budgetMs: number, signal: AbortSignal): Promise<void> {
  const { clock } = life.step(signal);
  const look = async (each: AbortSignal) => {
    await life.asset.probe.read(each);
    return arrived(undefined);
  };
  await waitFor({ for: 'probe.read() to succeed after the restore', budgetMs: budgetMs / 2, look }, clock, signal);
}

async function requireMarkersBack(
  life: Life,
  member: string,
  { markers }: BackedUp,
  signal: AbortSignal,
): Promise<void> {
  for (const lane of life.asset.lanes) {
    const acknowledged = (life.acknowledged.get(lane.name) ?? []).slice(0, markers.get(lane.name) ?? 0);
    const read = await Array.fromAsync(lane.read(signal));
    const lost = acknowledged.find(
      ({ sequence, body }) => !read.some((marker) => marker.sequence === sequence && marker.body === body),
    );
    if (lost === undefined) continue;
    throw life.fault({
      member,
      expected: `marker ${lost.sequence} of lane ${lane.name}, which was acknowledged before the capture began`,
      observed: `the lane holds ${read.map(({ sequence }) => sequence).join(', ') || 'none'}`,
      nextStep: 'Check whether the backup covers the place of the markers, and whether captureBegan is taken too late.',
    });
  }
}

/** Checks what the disaster `assures`, by the announced names. */
async function requireAssured(life: Life, signal: AbortSignal): Promise<void> {
  const { assures = [] } = life.disaster;
  if (assures.length === 0) return;
  const announced = life.asset.expectedProof().assurances ?? [];
  const made = (await life.asset.assurances?.(life.step(signal))) ?? [];
  const unshown = announced.find(
    ({ promise, what }) => !made.some((each) => each.promise === promise && each.what === what),
  );
  const unannounced = assures.find((promise) => !announced.some((each) => each.promise === promise));
  const empty = made.find(({ checked }) => checked === 0);
  if (unshown === undefined && unannounced === undefined && empty === undefined) return;
  throw life.fault({
    member: 'assurances()',
    expected: `every assurance of the disaster (${assures.join(', ')}) to be announced by expectedProof() and checked`,
    observed:
      unannounced !== undefined
        ? `expectedProof() announces nothing for "${unannounced}"`
        : unshown !== undefined
          ? `"${unshown.what}" is announced, but was not checked`
          : `nothing was checked for "${empty?.what}"`,
    nextStep: 'Announce each assurance before the disaster, and check it after the restore.',
  });
}

async function requireNewIdentity(life: Life, before: readonly Identity[], signal: AbortSignal): Promise<void> {
  const after = new Map((await life.asset.identify(life.step(signal))).map(({ what, value }) => [what, value]));
  const same = before.find(({ what, value, keptBy }) => keptBy === undefined && after.get(what) === value);
  if (same === undefined) return;
  throw life.fault({
    member: 'identify()',
    expected: 'another identity after the restore than before the disaster',
    observed: `${same.what} is still ${same.value}`,
    nextStep: 'Use an id that a restored thing cannot have, or say in `keptBy` which documented recovery keeps it.',
  });
}

/** Requires that the restored content can be removed again, for the second restore of a drill. */
export async function requireCleared(life: Life, goneBudgetMs: number, signal: AbortSignal): Promise<void> {
  const { clearing } = life.asset;
  if (clearing === undefined) return;
  await clearing.clear(life.step(signal));
  await requireGone(life, { asset: clearing, name: 'clearing.proveGone()', goneBudgetMs }, signal);
}
