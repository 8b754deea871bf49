import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../clock/clock.ts';
import type { Fingerprint, ObservedMarker, OpenAsset } from '../../model/asset.ts';
import type { Procedure, ProcedureContext, RestoreReport } from '../../model/procedure.ts';
import type { Comparison } from '../../model/record.ts';
import type { Step } from '../../model/step.ts';
import type { Target } from '../../model/target.ts';
import { versioning } from '../../procedures/versioning.ts';
import { bucket } from './bucket.ts';
import { connect } from './client.ts';
import type { BucketAt } from './listing.ts';
import type { BucketOptions } from './options.ts';

/** A seeded bucket in the middle of a small drill without the engine. */
export interface TestDrill extends AsyncDisposable {
  readonly asset: OpenAsset;
  readonly at: BucketAt;
  readonly step: Step;
  readonly expected: Fingerprint;
  readonly context: ProcedureContext;
  readonly markers: readonly ObservedMarker[];
  /** Writes three more markers, strikes, and proves it. */
  strike(): Promise<void>;
  restore(procedure?: Procedure): Promise<RestoreReport>;
  compare(): Promise<Comparison>;
  readMarkers(): Promise<ObservedMarker[]>;
}

export const platformProcedure = versioning({ restore: 'fixtures/platform/scripts/bucket-restore.mjs' });

/** Opens and seeds a bucket, takes its fingerprint, and writes markers around that. */
export async function beginDrill(
  target: Target,
  disaster: string,
  options: BucketOptions,
  onStage: (stage: string) => void = () => undefined,
): Promise<TestDrill> {
  await using undo = new AsyncDisposableStack();
  const scratchDir = await mkdtemp(join(tmpdir(), 'dr-s3-test-'));
  undo.defer(() => rm(scratchDir, { recursive: true, force: true }));
  const step: Step = {
    clock: systemClock,
    signal: AbortSignal.timeout(120_000),
    scratchDir,
    progress: () => undefined,
  };
  const drillId = randomBytes(5).toString('hex');
  const asset = undo.use(await bucket(options).open({ target, drillId, disaster, scale: 1, step }));
  const markers: ObservedMarker[] = [];
  const mark = async (count: number) => {
    for (const _ of Array.from({ length: count })) {
      const marker = { sequence: markers.length + 1, body: `marker ${markers.length + 1} of ${drillId}` };
      await asset.lanes[0]?.write(marker.sequence, marker.body, step.signal);
      markers.push(marker);
    }
  };
  await mark(3);
  onStage('seed');
  await asset.seed(step);
  onStage('fingerprint');
  const expected = await asset.fingerprint(step);
  onStage('markers');
  await mark(3);
  const client = connect(target.s3, { maxAttempts: 1 });
  undo.defer(() => client.destroy());
  const context: ProcedureContext = { target, drillId, environment: asset.environment(), step };
  const cleanup = undo.move();
  return {
    asset,
    step,
    expected,
    context,
    markers,
    at: { client, bucket: `dr-${drillId}` },
    strike: async () => {
      await asset.destroy(step, { cutOff: () => mark(3) });
      const checks = await asset.proveGone(step);
      const still = checks.find(({ gone }) => !gone);
      if (checks.length === 0 || still) throw new Error(`not gone: ${still?.what}: ${still?.observed}`);
    },
    restore: async (procedure = platformProcedure) => {
      const during = { ...context, environment: asset.environment() };
      const recoveryPoint = await procedure.backup(during);
      return procedure.restore(recoveryPoint, { ...during, disasterBegan: systemClock.now() });
    },
    compare: () => asset.compare(expected, step),
    readMarkers: async () => Array.fromAsync(asset.lanes[0]?.read(step.signal) ?? []),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}
