import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import type { ObservedMarker } from '../model/asset.ts';
import { judgeLane, markerBody } from './journal.ts';
import { MarkerWriter } from './marker-writer.ts';

const journalOf = (acknowledged: readonly number[], indeterminate: readonly number[] = []) => ({
  drillId: 'd1',
  lane: 'orders',
  outcomes: () =>
    new Map<number, { acknowledgedMs: number } | 'indeterminate'>([
      ...acknowledged.map((sequence) => [sequence, { acknowledgedMs: sequence * 10 }] as const),
      ...indeterminate.map((sequence) => [sequence, 'indeterminate'] as const),
    ]),
});
const marker = (sequence: number): ObservedMarker => ({ sequence, body: markerBody('d1', 'orders', sequence) });
async function* stream(markers: readonly ObservedMarker[]) {
  yield* markers;
}
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('the account of a lane', () => {
  it('finds no fault in what came back whole', async () => {
    const outcome = await judgeLane(journalOf(upTo(5)), stream(upTo(5).map(marker)), 30);
    expect(outcome).toMatchObject({
      restored: 5,
      lost: 0,
      duplicated: 0,
      reordered: 0,
      altered: 0,
      unknown: 0,
      lastBeforeLossMs: null,
    });
  });

  it('counts a lost tail as lost, and names the last acknowledgement before it', async () => {
    const outcome = await judgeLane(journalOf(upTo(5)), stream([1, 2, 3].map(marker)), 35);
    expect(outcome).toMatchObject({ lost: 2, lostBeforeCapture: 0, firstLostSequence: 4, lastBeforeLossMs: 30 });
  });

  it('tells a loss before the capture from one after it', async () => {
    const outcome = await judgeLane(journalOf(upTo(5)), stream([1, 3].map(marker)), 35);
    expect(outcome).toMatchObject({ lost: 3, lostBeforeCapture: 1, firstLostBeforeCapture: 2, lastBeforeLossMs: 10 });
  });

  it('counts an indeterminate write neither as lost nor as unknown', async () => {
    const present = await judgeLane(journalOf([1, 2], [3]), stream([1, 2, 3].map(marker)), 25);
    const absent = await judgeLane(journalOf([1, 2], [3]), stream([1, 2].map(marker)), 25);
    for (const outcome of [present, absent]) expect(outcome).toMatchObject({ lost: 0, unknown: 0, indeterminate: 1 });
  });

  it('loses exactly what is missing, whatever came back in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), fc.func(fc.boolean()), async (count, keep) => {
        const kept = upTo(count).filter((sequence) => keep(sequence));
        const outcome = await judgeLane(journalOf(upTo(count)), stream(kept.map(marker)), count * 10 + 1);
        expect(outcome.lost).toBe(count - kept.length);
        expect(outcome.lostBeforeCapture).toBe(outcome.lost);
        expect(outcome.restored).toBe(kept.length);
      }),
    );
  });

  it('notices every pair that changed places', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 18 }), async (at) => {
        const order = upTo(20);
        [order[at], order[at + 1]] = [order[at + 1] ?? 0, order[at] ?? 0];
        const outcome = await judgeLane(journalOf(upTo(20)), stream(order.map(marker)), 1_000);
        expect(outcome.reordered).toBe(1);
      }),
    );
  });
});

describe('the account of a long drill', () => {
  it('B1: has more markers than an argument list can hold', async () => {
    const silent = { name: 'orders', write: () => new Promise<void>(() => undefined), read: () => stream([]) };
    const clock = new ManualClock();
    const writer = new MarkerWriter({ lanes: [silent], drillId: 'd1', clock, intervalMs: 20, writeBudgetMs: 2_000 });
    const [journal] = writer.journals;
    const count = 200_000;
    for (const sequence of upTo(count)) journal?.acknowledged(sequence, sequence * 20);
    expect(writer.lastAcknowledged({ utc: '2026-01-01T00:00:00.000Z', monotonicMs: 1 }).monotonicMs).toBe(count * 20);
    expect(writer.highestSequence).toBe(count);
    expect(journal?.acknowledgedSince((count - 3) * 20)).toBe(3);
    writer.disasterBegins();
    await writer.stop();
  });
});
