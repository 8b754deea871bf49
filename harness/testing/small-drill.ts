import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scope } from '../base/scope.ts';
import { systemClock } from '../clock/clock.ts';
import { tellingCredentials } from '../drill/credentials.ts';
import type { AssetKind, Fingerprint, ObservedMarker, OpenAsset } from '../model/asset.ts';
import type { Procedure, ProcedureContext, RecoveryPoint, RestoreReport } from '../model/procedure.ts';
import type { Comparison } from '../model/record.ts';
import { Secrets } from '../model/secrets.ts';
import type { Step } from '../model/step.ts';
import type { Target } from '../model/target.ts';
import { arrived, notYet, waitFor } from '../wait/wait.ts';

export interface SmallDrillOptions {
  readonly target: Target;
  readonly disaster: string;
  readonly kind: AssetKind;
  /** Takes the backup and restores it, unless a test wants another one. */
  readonly procedure: Procedure;
  readonly budgetMs: number;
  readonly goneBudgetMs: number;
  /** How many are written to each lane, and when. */
  readonly markers: { readonly beforeSeed?: number; readonly beforeBackup: number; readonly inDisaster?: number };
  /** What else happens to the asset before it is backed up. */
  readonly beforeBackup?: (asset: OpenAsset, signal: AbortSignal) => Promise<void>;
  /** Which lanes get markers; all of them when left out. */
  readonly lanes?: (asset: OpenAsset) => OpenAsset['lanes'];
}

/** A seeded asset in the middle of a drill without the engine, for the tests of one system or one procedure. */
export interface SmallDrill extends AsyncDisposable {
  readonly asset: OpenAsset;
  readonly drillId: string;
  readonly step: Step;
  readonly expected: Fingerprint;
  /** The acknowledged markers of each lane. It grows during the disaster if markers are still written. */
  readonly markers: ReadonlyMap<string, readonly ObservedMarker[]>;
  context(): ProcedureContext;
  backUp(procedure?: Procedure): Promise<RecoveryPoint>;
  /** Strikes, waits until everything is proved gone, and provides the place to restore into. */
  strike(): Promise<void>;
  restore(point: RecoveryPoint, procedure?: Procedure): Promise<RestoreReport>;
  compare(): Promise<Comparison>;
  readMarkers(): Promise<Map<string, ObservedMarker[]>>;
}

/** Opens and seeds an asset, takes its fingerprint, and writes a few markers. */
export async function beginSmallDrill(options: SmallDrillOptions): Promise<SmallDrill> {
  const { disaster, kind, budgetMs, goneBudgetMs } = options;
  const secrets = new Secrets();
  const target = await tellingCredentials(options.target, secrets);
  await using undo = new Scope({ what: `small drill of ${kind.system}`, clock: systemClock });
  const scratchDir = await mkdtemp(join(tmpdir(), `dr-${kind.system}-test-`));
  undo.defer('scratch folder', () => rm(scratchDir, { recursive: true, force: true }));
  const signal = AbortSignal.timeout(budgetMs);
  const step: Step = { clock: systemClock, signal, scratchDir, secrets, progress: () => undefined };
  const drillId = `t${randomBytes(4).toString('hex')}`;
  const asset = await undo.open('asset', () => kind.open({ target, drillId, disaster, scale: 1, step }));
  const lanes = options.lanes?.(asset) ?? asset.lanes;
  const markers = new Map(lanes.map(({ name }): [string, ObservedMarker[]] => [name, []]));
  const mark = async (count = 0) => {
    for (const lane of lanes) {
      const written = markers.get(lane.name) ?? [];
      for (const _ of Array.from({ length: count })) {
        const marker = { sequence: written.length + 1, body: `marker ${written.length + 1} of ${drillId}` };
        await lane.write(marker.sequence, marker.body, signal);
        written.push(marker);
      }
    }
  };
  await mark(options.markers.beforeSeed);
  await asset.seed(step);
  const expected = await asset.fingerprint(step);
  await mark(options.markers.beforeBackup);
  await options.beforeBackup?.(asset, signal);
  const context = (): ProcedureContext => ({ target, drillId, environment: asset.environment(), step });
  const cleanup = undo.handOver();
  return {
    asset,
    drillId,
    step,
    expected,
    markers,
    context,
    backUp: (procedure = options.procedure) => procedure.backup(context()),
    strike: async () => {
      await asset.destroy(step, { cutOff: () => mark(options.markers.inDisaster) });
      await untilGone(asset, goneBudgetMs, step);
      await asset.provision(step);
    },
    restore: (point, procedure = options.procedure) =>
      procedure.restore(point, { ...context(), disasterBegan: systemClock.now() }),
    compare: () => asset.compare(expected, step),
    readMarkers: async () => {
      const found = new Map<string, ObservedMarker[]>();
      for (const lane of lanes) found.set(lane.name, await Array.fromAsync(lane.read(signal)));
      return found;
    },
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
}

/** The first lane's, for an asset of which a test looks at one. */
export const firstLane = <T>(lanes: ReadonlyMap<string, T>, none: T): T => lanes.values().next().value ?? none;

async function untilGone(asset: OpenAsset, budgetMs: number, step: Step): Promise<void> {
  await waitFor(
    {
      for: 'everything to be gone',
      budgetMs,
      look: async () => {
        const checks = await asset.proveGone(step);
        if (checks.length === 0) return notYet('nothing was checked');
        const left = checks.filter(({ gone }) => !gone).map(({ what, observed }) => `${what}: ${observed}`);
        return left.length === 0 ? arrived(undefined) : notYet(left.join('; '));
      },
    },
    step.clock,
    step.signal,
  );
}
