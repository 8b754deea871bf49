import type { Clock } from '../../clock/clock.ts';
import type { AssetProbe, MarkerLane, ObservedMarker } from '../../model/asset.ts';
import type { Connection } from './connection.ts';
import { lanesOf, type OnAcknowledged } from './lanes.ts';
import type { Place } from './names.ts';
import type { JetStreamProbe } from './probe.ts';

/** Lanes that write by the name, as users do, and read in the region in charge. */
export function lanesByName(
  places: readonly Place[],
  byName: Connection,
  inCharge: () => Connection,
  clock: Clock,
  onAcknowledged: OnAcknowledged,
): MarkerLane[] {
  return places.flatMap((place) =>
    lanesOf([place], byName, clock, onAcknowledged).map(
      (lane): MarkerLane => ({
        name: lane.name,
        write: (sequence, body, signal) => droppingOnFailure(byName, () => lane.write(sequence, body, signal)),
        async *read(signal: AbortSignal): AsyncGenerator<ObservedMarker> {
          for (const reading of lanesOf([place], inCharge(), clock)) yield* reading.read(signal);
        },
      }),
    ),
  );
}

/** A probe that asks for the name again after every attempt that failed. */
export function probeByName(probe: JetStreamProbe, byName: Connection): AssetProbe {
  return {
    reads: `${probe.reads}, by the name`,
    writes: `${probe.writes}, by the name`,
    read: (signal) => droppingOnFailure(byName, () => probe.read(signal)),
    write: (signal) => droppingOnFailure(byName, () => probe.write(signal)),
  };
}

/** Whoever is refused, or hears nothing, resolves the name anew: the service may have moved. */
async function droppingOnFailure<T>(byName: Connection, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await byName.drop();
    throw error;
  }
}
