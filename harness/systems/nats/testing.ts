import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../clock/clock.ts';
import type { Fingerprint, ObservedMarker, OpenAsset } from '../../model/asset.ts';
import type { Procedure, ProcedureContext, RecoveryPoint, RestoreReport } from '../../model/procedure.ts';
import type { Comparison } from '../../model/record.ts';
import type { Step } from '../../model/step.ts';
import type { Target } from '../../model/target.ts';
import { script } from '../../procedures/script.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { jetstream } from './jetstream.ts';
import type { JetStreamOptions } from './options.ts';

export const platformScripts = script({
  backup: 'fixtures/platform/scripts/nats-backup.sh',
  restore: 'fixtures/platform/scripts/nats-restore.sh',
  schedule: { cron: '*/2 * * * *' },
  prefix: 'nats/',
});

/** A seeded asset in the middle of a small drill without the engine. */
export interface TestDrill extends AsyncDisposable {
  readonly asset: OpenAsset;
  readonly drillId: string;
  readonly step: Step;
  readonly expected: Fingerprint;
  /** What was acknowledged, by lane, before the backup. */
  readonly markers: ReadonlyMap<string, readonly ObservedMarker[]>;
  /** How long each stage took, in the order in which they ran. */
  readonly stagesMs: ReadonlyMap<string, number>;
  backUp(procedure?: Procedure): Promise<RecoveryPoint>;
  /** Strikes, waits until everything is proved gone, and provides the place to restore into. */
  strike(): Promise<void>;
  restore(point: RecoveryPoint, procedure?: Procedure): Promise<RestoreReport>;
  compare(): Promise<Comparison>;
  readMarkers(): Promise<Map<string, ObservedMarker[]>>;
}

/** Opens and seeds an asset, takes its fingerprint, and writes a few markers to each lane. */
export async function beginDrill(target: Target, disaster: string, options: JetStreamOptions): Promise<TestDrill> {
  await using undo = new AsyncDisposableStack();
  const scratchDir = await mkdtemp(join(tmpdir(), 'dr-nats-test-'));
  undo.defer(() => rm(scratchDir, { recursive: true, force: true }));
  const signal = AbortSignal.timeout(170_000);
  const step: Step = { clock: systemClock, signal, scratchDir, progress: () => undefined };
  const stagesMs = new Map<string, number>();
  const timed = async <T>(stage: string, work: () => Promise<T>): Promise<T> => {
    const beganMs = systemClock.monotonicMs();
    const result = await work();
    stagesMs.set(stage, Math.round(systemClock.monotonicMs() - beganMs));
    return result;
  };
  const drillId = `t${randomBytes(4).toString('hex')}`;
  const kind = jetstream(options);
  const asset = undo.use(await timed('open', () => kind.open({ target, drillId, disaster, scale: 1, step })));
  await timed('seed', () => asset.seed(step));
  const expected = await timed('fingerprint', () => asset.fingerprint(step));
  const markers = new Map<string, ObservedMarker[]>();
  for (const lane of asset.lanes) {
    const written = Array.from({ length: 3 }, (_, index) => ({ sequence: index + 1, body: `${drillId} ${index + 1}` }));
    for (const { sequence, body } of written) await lane.write(sequence, body, signal);
    markers.set(lane.name, written);
  }
  await asset.probe.write(signal);
  const context = (): ProcedureContext => ({ target, drillId, environment: asset.environment(), step });
  const cleanup = undo.move();
  return {
    asset,
    drillId,
    step,
    expected,
    markers,
    stagesMs,
    backUp: (procedure = platformScripts) => timed('backup', () => procedure.backup(context())),
    strike: async () => {
      await timed('destroy', () => asset.destroy(step, { cutOff: async () => undefined }));
      await timed('prove gone', () => untilGone(asset, step));
      await timed('provision', () => asset.provision(step));
    },
    restore: (point, procedure = platformScripts) =>
      timed('restore', () => procedure.restore(point, { ...context(), disasterBegan: systemClock.now() })),
    compare: () => timed('compare', () => asset.compare(expected, step)),
    readMarkers: async () => {
      const found = new Map<string, ObservedMarker[]>();
      for (const lane of asset.lanes) found.set(lane.name, await Array.fromAsync(lane.read(signal)));
      return found;
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

async function untilGone(asset: OpenAsset, step: Step): Promise<void> {
  await waitFor(
    {
      for: 'everything to be gone',
      budgetMs: 10_000,
      look: async () => {
        const checks = await asset.proveGone(step);
        const still = checks.find(({ gone }) => !gone);
        if (checks.length === 0) return notYet('nothing was checked');
        return still === undefined ? arrived(undefined) : notYet(`${still.what}: ${still.observed}`);
      },
    },
    step.clock,
    step.signal,
  );
}
