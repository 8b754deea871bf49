import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../clock/clock.ts';
import type { Fingerprint, ObservedMarker, OpenAsset } from '../../model/asset.ts';
import type { Procedure, RecoveryPoint, RestoreReport } from '../../model/procedure.ts';
import type { Comparison } from '../../model/record.ts';
import type { Step } from '../../model/step.ts';
import type { Target } from '../../model/target.ts';
import { veleroSchedule } from '../../procedures/velero.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { kubernetesNamespace } from './kind.ts';
import type { KubernetesNamespaceOptions } from './options.ts';

export const platformConfiguration = 'fixtures/platform/manifests/configuration';
export const hourly = veleroSchedule({
  cron: '0 * * * *',
  ttl: '72h',
  clusterScoped: ['clusterroles', 'clusterrolebindings', 'priorityclasses', 'storageclasses'],
});

/** A seeded namespace in the middle of a small drill without the engine. */
export interface TestDrill extends AsyncDisposable {
  readonly asset: OpenAsset;
  readonly drillId: string;
  readonly step: Step;
  readonly expected: Fingerprint;
  readonly markers: readonly ObservedMarker[];
  /** How long each stage took, in the order in which they ran. */
  readonly stagesMs: ReadonlyMap<string, number>;
  backUp(procedure?: Procedure): Promise<RecoveryPoint>;
  /** Strikes, waits until everything is proved gone, and provides the place to restore into. */
  strike(): Promise<void>;
  restore(point: RecoveryPoint, procedure?: Procedure): Promise<RestoreReport>;
  compare(): Promise<Comparison>;
  readMarkers(): Promise<ObservedMarker[]>;
}

/** Opens and seeds a namespace, takes its fingerprint, and writes a few markers. */
export async function beginDrill(
  target: Target,
  disaster: string,
  options: KubernetesNamespaceOptions,
): Promise<TestDrill> {
  await using undo = new AsyncDisposableStack();
  const scratchDir = await mkdtemp(join(tmpdir(), 'dr-kubernetes-test-'));
  undo.defer(() => rm(scratchDir, { recursive: true, force: true }));
  const signal = AbortSignal.timeout(290_000);
  const step: Step = { clock: systemClock, signal, scratchDir, progress: () => undefined };
  const stagesMs = new Map<string, number>();
  const timed = async <T>(stage: string, work: () => Promise<T>): Promise<T> => {
    const beganMs = systemClock.monotonicMs();
    const result = await work();
    stagesMs.set(stage, Math.round(systemClock.monotonicMs() - beganMs));
    return result;
  };
  const drillId = randomBytes(5).toString('hex');
  const kind = kubernetesNamespace(options);
  const asset = undo.use(await timed('open', () => kind.open({ target, drillId, disaster, scale: 1, step })));
  await timed('seed', () => asset.seed(step));
  const expected = await timed('fingerprint', () => asset.fingerprint(step));
  const markers: ObservedMarker[] = [];
  for (let sequence = 1; sequence <= 5; sequence += 1) {
    const body = `marker ${sequence} of ${drillId}`;
    await asset.lanes[0]?.write(sequence, body, step.signal);
    markers.push({ sequence, body });
  }
  const context = () => ({ target, drillId, environment: asset.environment(), step });
  const cleanup = undo.move();
  return {
    asset,
    drillId,
    step,
    expected,
    markers,
    stagesMs,
    backUp: (procedure = hourly) => timed('backup', () => procedure.backup(context())),
    strike: async () => {
      await timed('disaster', () => asset.destroy(step, { cutOff: async () => undefined }));
      await timed('proof of absence', () => untilGone(asset, step));
      await timed('provisioning', () => asset.provision(step));
    },
    restore: (point, procedure = hourly) =>
      timed('restore', () => procedure.restore(point, { ...context(), disasterBegan: systemClock.now() })),
    compare: () => timed('compare', () => asset.compare(expected, step)),
    readMarkers: async () => Array.fromAsync(asset.lanes[0]?.read(step.signal) ?? []),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

async function untilGone(asset: OpenAsset, step: Step): Promise<void> {
  await waitFor(
    {
      for: 'everything to be gone',
      budgetMs: 30_000,
      look: async () => {
        const checks = await asset.proveGone(step);
        const left = checks.filter(({ gone }) => !gone).map(({ what, observed }) => `${what}: ${observed}`);
        return checks.length > 0 && left.length === 0 ? arrived(undefined) : notYet(left.join('; '));
      },
    },
    step.clock,
    step.signal,
  );
}
