import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { Scope } from '../base/scope.ts';
import { systemClock } from '../clock/clock.ts';
import { judgeLane } from '../drill/journal.ts';
import { MarkerWriter } from '../drill/marker-writer.ts';
import { newRecord } from '../drill/new-record.ts';
import { failover, mirroredStreams } from '../index.ts';
import type { LostPlace, MarkerLane, OpenAsset, Replica } from '../model/asset.ts';
import type { ProcedureContext } from '../model/procedure.ts';
import type { LaneOutcome } from '../model/record.ts';
import { Secrets } from '../model/secrets.ts';
import type { Step } from '../model/step.ts';
import { runFailoverScript } from '../procedures/failover-script.ts';
import { rpaOf } from '../verdict/loss.ts';
import { attachTarget } from './attach-target.ts';
import { defineContract } from './define.ts';
import { newDrillId } from './drill-contract.ts';
import { regionScripts } from './testing/region-scripts.ts';

const KILLS = 10;
const LONGEST_MS = 150;

const asset = mirroredStreams({
  streams: Array.from({ length: KILLS }, (_, index) => ({
    name: `kill${index}`,
    subjects: [`kill${index}.made`],
    messages: 3,
  })),
});
const contract = defineContract({
  name: 'kills',
  asset,
  rto: '15m',
  rpo: '5m',
  priority: 'P1',
  owner: 'tests',
  protectedBy: failover(regionScripts),
  survives: ['region-lost'],
});

it('the primary region killed at ten random moments loses no marker that the mirror had, and the rest is RPA', async () => {
  const seed = Number(process.env['DR_CONTRACTS_SEED'] ?? randomInt(2 ** 31));
  process.stdout.write(`region kills: DR_CONTRACTS_SEED=${seed}\n`);
  const random = randomFrom(seed);
  await using drill = await openDrill();
  let lost = 0;
  for (const [index, lane] of drill.asset.lanes.entries()) {
    if (index > 0) await drill.lostPlace.comeBack(drill.step);
    const afterMs = Math.floor(random() * LONGEST_MS);
    const { outcome, heldThrough, promotedThrough, rpaMs } = await drill.kill(index, lane, afterMs);
    const where = `seed ${seed}, kill ${index} after ${afterMs} ms: ${JSON.stringify(outcome)}`;
    expect(outcome.acknowledged, where).toBeGreaterThan(0);
    expect(heldThrough, where).toBeGreaterThan(0);
    expect(outcome, where).toMatchObject({ lostFromReplica: 0, duplicated: 0, reordered: 0, altered: 0, unknown: 0 });
    // The restored data is exactly what the mirror held, so every later acknowledged write counts as lost. Data that had reached the
    // standby before the cut may be stored after the first check, when its server gets no processor time.
    expect(promotedThrough, where).toBeGreaterThanOrEqual(heldThrough);
    expect(outcome.restored, where).toBe(promotedThrough);
    expect(rpaMs > 0, where).toBe(outcome.lost > 0);
    lost += outcome.lost;
  }
  // The line between the regions has a latency: ten kills without a loss would mean that the test did not look for any.
  expect(lost).toBeGreaterThan(0);
});

interface Kill {
  readonly outcome: LaneOutcome;
  /** The last marker seen in the mirror once the region was gone. */
  readonly heldThrough: number;
  /** The last marker in it after its promotion. */
  readonly promotedThrough: number;
  readonly rpaMs: number;
}

interface KillDrill extends AsyncDisposable {
  readonly asset: OpenAsset;
  readonly lostPlace: LostPlace;
  readonly step: Step;
  kill(index: number, lane: MarkerLane, afterMs: number): Promise<Kill>;
}

async function openDrill(): Promise<KillDrill> {
  const { handle, facts } = inject('drContracts');
  const target = attachTarget(handle, { clock: systemClock });
  await using undo = new Scope({ what: 'drill of a kill', clock: systemClock });
  const scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-kills-'));
  undo.defer('scratch folder', () => rm(scratchDir, { recursive: true, force: true }));
  const signal = AbortSignal.timeout(170_000);
  const step: Step = { clock: systemClock, signal, scratchDir, secrets: new Secrets(), progress: () => undefined };
  const drillId = newDrillId();
  const opened = await undo.open('asset', () =>
    asset.open({ target, drillId, disaster: 'region-lost', scale: 1, step }),
  );
  const { replica, lostPlace } = opened;
  if (replica === undefined || lostPlace === undefined)
    throw new Error('mirrored streams have neither replica nor lost place');
  await opened.seed(step);
  const streams = (opened.environment()['STREAMS'] ?? '').split(' ');
  const contextOf = (index: number): ProcedureContext => {
    const environment = { ...opened.environment(), STREAMS: streams[index] ?? '' };
    return { target, drillId, environment, step, replica };
  };
  const run = (which: 'mirror' | 'promote', index: number) =>
    runFailoverScript(which, { ...regionScripts, environment: {} }, contextOf(index));
  const record = newRecord(contract, asset.disasters[0] ?? never(), target, facts, drillId, systemClock.now());
  const cleanup = undo.handOver();
  return {
    asset: opened,
    lostPlace,
    step,
    async kill(index, lane, afterMs) {
      await run('mirror', index);
      await using writer = new MarkerWriter({
        lanes: [lane],
        drillId,
        clock: systemClock,
        intervalMs: 1,
        writeBudgetMs: 2_000,
      });
      await untilHeld(replica, lane, writer, step);
      await systemClock.pause(afterMs, signal);
      const disasterBegan = systemClock.now();
      writer.disasterBegins();
      await opened.destroy(step, { cutOff: () => writer.stop() });
      await writer.stop();
      const heldThrough = await heldOf(replica, lane, signal);
      await run('promote', index);
      const promotedThrough = await heldOf(replica, lane, signal);
      const [journal] = writer.journals;
      if (journal === undefined) throw new Error('the writer has no journal');
      const outcome = await judgeLane(journal, lane.read(signal), undefined, heldThrough);
      record.moments.cutOff = writer.lastAcknowledged(disasterBegan);
      record.markers = [outcome];
      return { outcome, heldThrough, promotedThrough, rpaMs: rpaOf(record)?.valueMs ?? Number.NaN };
    },
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
}

/** Waits until the mirror follows the writer, before the random moment begins: a kill before its first message would prove nothing. */
async function untilHeld(replica: Replica, lane: MarkerLane, writer: MarkerWriter, { signal }: Step): Promise<void> {
  await writer.untilAcknowledged(1, 0, signal);
  while ((await heldOf(replica, lane, signal)) === 0) signal.throwIfAborted();
}

async function heldOf(replica: Replica, lane: MarkerLane, signal: AbortSignal): Promise<number> {
  return (await replica.look(signal)).find((sight) => sight.lane === lane.name)?.heldThrough ?? 0;
}

/** Returns Mulberry32: the same moments for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function never(): never {
  throw new Error('mirrored streams know no disaster');
}
