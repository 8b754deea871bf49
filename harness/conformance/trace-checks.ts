import type { MarkerLane, ObservedMarker } from '../model/asset.ts';
import { isIndeterminateWrite, summaryOf } from '../model/errors.ts';
import { requireSame } from './content-checks.ts';
import type { Life } from './life.ts';

const MARKERS = 3;

/** Requires that the asset keeps the harness's own traces, markers and probe writes, apart from its content. */
export async function requireTracesApart(life: Life, signal: AbortSignal): Promise<void> {
  const { asset } = life;
  const names = asset.lanes.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    throw life.fault({
      member: 'lanes',
      expected: 'a name of its own for each lane',
      observed: `their names are ${names.join(', ')}`,
      nextStep: 'Name each lane after what it lies in.',
    });
  }
  for (const lane of asset.lanes) {
    for (let sequence = 1; sequence <= MARKERS; sequence += 1) await life.mark(lane, sequence, signal);
    await requireMarkers(life, lane, signal);
  }
  await asset.probe.read(signal);
  await asset.probe.write(signal);
  requireSame(
    life,
    await life.compare(signal),
    'no difference after markers and probe writes, which are not content',
    'Give markers and probe writes a place or a name by which fingerprint() and compare() leave them out.',
  );
}

async function requireMarkers(life: Life, lane: MarkerLane, signal: AbortSignal): Promise<void> {
  const written = life.acknowledged.get(lane.name) ?? [];
  const read = await Array.fromAsync(lane.read(signal));
  if (JSON.stringify(read) === JSON.stringify(written)) return;
  throw life.fault({
    member: `lane ${lane.name}`,
    expected: `the ${written.length} markers that it acknowledged, in their order and unchanged`,
    observed: `it holds ${shown(read)}`,
    nextStep: 'Acknowledge a marker only when the system has stored it, and read them in the order of the system.',
  });
}

const shown = (markers: readonly ObservedMarker[]): string =>
  markers.length === 0 ? 'none' : markers.map(({ sequence }) => sequence).join(', ');

/** Times at which a write is cut short: before it begins, at once, and a little later. In milliseconds. */
const CUT_SHORT = ['before', 0, 1, 3, 10] as const;

type Outcome = 'acknowledged' | 'indeterminate' | { readonly refused: string };

/**
 * Cuts writes short. Each of them has to report its outcome: it took effect (resolved), it never will (rejected), or the outcome is unknown
 * (rejected as indeterminate).
 */
export async function requireIndeterminateWritesReported(life: Life, signal: AbortSignal): Promise<void> {
  for (const lane of life.asset.lanes) {
    const outcomes = new Map<number, Outcome>();
    let sequence = MARKERS;
    for (const cut of CUT_SHORT) {
      sequence += 1;
      outcomes.set(sequence, await cutShort(life, lane, sequence, cut, signal));
    }
    // This marker follows the others. Its acknowledgement shows that all earlier writes have arrived.
    await life.mark(lane, sequence + 1, signal);
    outcomes.set(sequence + 1, 'acknowledged');
    await requireOutcomes(life, lane, outcomes, signal);
  }
}

async function cutShort(
  life: Life,
  lane: MarkerLane,
  sequence: number,
  cut: (typeof CUT_SHORT)[number],
  signal: AbortSignal,
): Promise<Outcome> {
  const cutter = new AbortController();
  const either = AbortSignal.any([signal, cutter.signal]);
  const end = () => cutter.abort(new Error('the conformance suite has cut this write short'));
  if (cut === 'before') end();
  const writing = life.mark(lane, sequence, either);
  const timer = cut === 'before' || cut === 0 ? undefined : setTimeout(end, cut);
  if (cut === 0) end();
  try {
    await writing;
    return 'acknowledged';
  } catch (error) {
    signal.throwIfAborted();
    return isIndeterminateWrite(error) ? 'indeterminate' : { refused: summaryOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function requireOutcomes(
  life: Life,
  lane: MarkerLane,
  outcomes: ReadonlyMap<number, Outcome>,
  signal: AbortSignal,
): Promise<void> {
  const read = await Array.fromAsync(lane.read(signal));
  const held = new Set(read.map(({ sequence }) => sequence));
  for (const [sequence, outcome] of outcomes) {
    if (outcome === 'acknowledged' && !held.has(sequence)) {
      throw life.fault({
        member: `lane ${lane.name}`,
        expected: `marker ${sequence}, which it acknowledged`,
        observed: `it holds ${shown(read)}`,
        nextStep: 'Resolve a write only when the system has acknowledged it.',
      });
    }
    if (typeof outcome === 'object' && held.has(sequence)) {
      throw life.fault({
        member: `lane ${lane.name}`,
        expected: `an IndeterminateWriteError for marker ${sequence}, whose write was cut short`,
        observed: `it was rejected as refused ("${outcome.refused}"), and is there`,
        nextStep: 'Reject with an IndeterminateWriteError whenever the request may have been sent and no answer came.',
      });
    }
  }
}
