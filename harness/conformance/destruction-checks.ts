import { systemClock } from '../clock/clock.ts';
import { untilGone } from '../drill/until-gone.ts';
import type { AbsenceCheck, OpenAsset } from '../model/asset.ts';
import { summaryOf } from '../model/errors.ts';
import { arrived, notYet, WaitTimeoutError, waitFor } from '../wait/wait.ts';
import { requireSame } from './content-checks.ts';
import { Life, type LifeOptions } from './life.ts';

/** Requires that every read reports a living asset. Otherwise a disaster that did nothing would go unnoticed. */
export async function requireHonestWhileLiving(life: Life, signal: AbortSignal): Promise<void> {
  const { asset } = life;
  const { absence } = asset.expectedProof();
  if (absence.length === 0) {
    throw life.fault({
      member: 'expectedProof()',
      expected: 'at least one read that will show the asset gone',
      observed: 'it announces none',
      nextStep: 'Announce `what` of each check of proveGone(): the judge demands them by name.',
    });
  }
  const checks = await asset.proveGone(life.step(signal));
  if (checks.length === 0) return;
  const dishonest = checks.find(({ gone }) => gone);
  if (dishonest === undefined) return;
  throw life.fault({
    member: 'proveGone()',
    expected: 'every read to find the asset while it lives',
    observed: `"${dishonest.what}" says that it is gone (${dishonest.observed})`,
    nextStep: 'Ask the system each time. What destroy() has done or said proves nothing.',
  });
}

export async function requireDestroyed(life: Life, goneBudgetMs: number, signal: AbortSignal): Promise<void> {
  const { asset } = life;
  const step = life.step(signal);
  const { exercised } = await asset.destroy(step, { cutOff: async () => undefined });
  if (exercised.trim() === '') {
    throw life.fault({
      member: 'destroy()',
      expected: 'a sentence that says exactly what was done',
      observed: '`exercised` is empty',
      nextStep: 'Say what was killed or removed, and what was left.',
    });
  }
  await requireGone(life, { asset, name: 'proveGone()', goneBudgetMs }, signal);
  await requireUnreadable(life, signal);
  await requireMarkersDestroyed(life, signal);
}

/** Requires that the disaster destroys the markers. A spared marker would exist after every restore and hide a loss. */
async function requireMarkersDestroyed(life: Life, signal: AbortSignal): Promise<void> {
  for (const lane of life.asset.lanes) {
    const written = life.acknowledged.get(lane.name) ?? [];
    // An unreadable lane is gone with the asset.
    const read = await Array.fromAsync(lane.read(signal)).catch(() => []);
    signal.throwIfAborted();
    const spared = read.filter(({ body }) => written.some((each) => each.body === body));
    if (spared.length === 0) continue;
    throw life.fault({
      member: `lane ${lane.name}`,
      expected: 'its markers to go with the content, so that a marker after the restore has come from a backup',
      observed: `${spared.length} of ${written.length} markers are still there after the disaster`,
      nextStep: 'Let destroy() take the markers, too, or write them where the disaster strikes.',
    });
  }
}

export async function requireGone(
  life: Life,
  what: {
    readonly asset: Pick<OpenAsset, 'proveGone'>;
    readonly name: string;
    readonly goneBudgetMs: number;
  },
  signal: AbortSignal,
): Promise<void> {
  let last: readonly AbsenceCheck[] = [];
  const note = (checks: readonly AbsenceCheck[]) => {
    last = checks;
  };
  const proveGone: OpenAsset['proveGone'] = (step) => what.asset.proveGone(step);
  const isGone = await untilGone({ proveGone, note }, what.goneBudgetMs, life.step(signal));
  const { absence } = life.asset.expectedProof();
  if (!isGone) {
    const still = last.filter(({ gone }) => !gone).map(({ what: read, observed }) => `"${read}": ${observed}`);
    throw life.fault({
      member: what.name,
      expected: `every read to show it gone within ${what.goneBudgetMs} ms`,
      observed: still.length === 0 ? 'nothing was read' : `these do not: ${still.join('; ')}`,
      nextStep: 'The disaster did nothing, or less than it says; or proveGone() reads something that it never touches.',
    });
  }
  const names = last.map(({ what: read }) => read);
  if (what.name !== 'proveGone()' || JSON.stringify(names) === JSON.stringify(absence)) return;
  throw life.fault({
    member: 'expectedProof()',
    expected: `the reads of proveGone(), in their order (${names.join(', ')})`,
    observed: `it announces ${absence.join(', ')}`,
    nextStep: 'Use the same texts in both: the judge demands each announced read by its name.',
  });
}

/** Requires that the probe cannot read after the disaster. Otherwise it would report that the service never went away. */
async function requireUnreadable(life: Life, signal: AbortSignal): Promise<void> {
  const readable = await life.asset.probe.read(signal).then(
    () => true,
    () => false,
  );
  if (!readable) return;
  throw life.fault({
    member: 'probe.read()',
    expected: 'to reject once the asset is gone',
    observed: 'it read what was seeded',
    nextStep: 'Read from the asset itself, without a cache, and check the content.',
  });
}

/** Opens a second asset of the same kind beside the first one. */
export async function openNeighbour(options: LifeOptions, signal: AbortSignal): Promise<Life> {
  const neighbour = await Life.begin(options);
  try {
    await neighbour.openSeeded(signal);
    for (const lane of neighbour.asset.lanes) await neighbour.mark(lane, 1, signal);
  } catch (error) {
    await neighbour[Symbol.asyncDispose]();
    throw error;
  }
  return neighbour;
}

export async function requireSpared(neighbour: Life, signal: AbortSignal): Promise<void> {
  const { asset } = neighbour;
  const spared = 'the asset of another drill to be as it was when this one was destroyed';
  const nextStep =
    'Destroy only what this drill made or what carries its mark: names hold the drill’s id. Refuse everything else.';
  const harmed = (observed: string) => neighbour.fault({ member: 'destroy()', expected: spared, observed, nextStep });
  try {
    requireSame(neighbour, await neighbour.compare(signal), spared, nextStep);
    await asset.probe.read(signal);
  } catch (error) {
    signal.throwIfAborted();
    throw harmed(summaryOf(error));
  }
  const gone = (await asset.proveGone(neighbour.step(signal))).find((check) => check.gone);
  if (gone !== undefined && neighbour.disaster.isRehearsal !== true)
    throw harmed(`"${gone.what}" says that it is gone (${gone.observed})`);
  for (const lane of asset.lanes) {
    const read = await Array.fromAsync(lane.read(signal));
    if (read.length !== 1) throw harmed(`lane ${lane.name} holds ${read.length} markers instead of 1`);
  }
}

/**
 * Disposes of a living asset twice, and opens another one under the same drill's id. Leftovers then prevent its opening, or appear in it.
 * Controllers of the system may need time for the removals that disposal requested.
 */
export async function requireNothingLeft(
  life: Life,
  options: LifeOptions,
  goneBudgetMs: number,
  signal: AbortSignal,
): Promise<void> {
  await life.asset[Symbol.asyncDispose]();
  await life.asset[Symbol.asyncDispose]();
  await life[Symbol.asyncDispose]();
  requirePlacesGivenBack(life);
  const look = async (each: AbortSignal) => {
    const left = await whatIsLeft(life, options, each);
    return left === undefined ? arrived(undefined) : notYet(left);
  };
  try {
    await waitFor({ for: 'nothing to be left', budgetMs: goneBudgetMs, look }, systemClock, signal);
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    throw life.fault({
      member: 'disposal',
      expected: `nothing to be left after ${goneBudgetMs} ms, so that an asset with the same drill id begins anew`,
      observed: error.lastSeen,
      nextStep: 'Remove everything that open(), seed(), the lanes and the probe have made, also after a failure.',
    });
  }
}

/** A place that was not given back lives on until the whole run ends. */
export function requirePlacesGivenBack(life: Life): void {
  const [service] = life.places.services;
  if (service === undefined) return;
  throw life.fault({
    member: 'disposal',
    expected: 'every place that the asset asked the target for to be given back',
    observed: `a place of ${service} was not disposed of`,
    nextStep: 'Dispose of each place in [Symbol.asyncDispose](), also when a later step of open() fails.',
  });
}

/** Opens an asset with the name of the ended one, and returns a description of the first leftover. */
async function whatIsLeft(
  { drillId, content }: Life,
  options: LifeOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  await using again = await Life.begin({ ...options, drillId });
  let doing = 'opened';
  try {
    await again.open(signal);
    for (const lane of again.asset.lanes) {
      const markers = await readable(lane.read(signal));
      if (markers > 0) return `lane ${lane.name} still holds ${markers} markers`;
    }
    doing = 'seeded';
    const seeded = await again.openSeeded(signal);
    if (seeded.items === content.items) return undefined;
    return `its fingerprint counts ${seeded.items} items, and counted ${content.items} the first time`;
  } catch (error) {
    signal.throwIfAborted();
    return `it cannot be ${doing} again: ${summaryOf(error)}`;
  }
}

/** Counts the markers of a lane. Before the asset is seeded a lane may have nothing to read from, so a failed read counts as no marker. */
async function readable(markers: AsyncIterable<unknown>): Promise<number> {
  try {
    return (await Array.fromAsync(markers)).length;
  } catch {
    return 0;
  }
}
