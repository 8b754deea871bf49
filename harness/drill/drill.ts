import type { OpenAsset } from '../model/asset.ts';
import type { ProcedureContext } from '../model/procedure.ts';
import type { Step } from '../model/step.ts';
import { isSame } from '../verdict/content.ts';
import { type BackedUp, BackupPart } from './backup-part.ts';
import { addVariablesOfAsset } from './credentials.ts';
import type { DrillContext } from './drill-context.ts';
import { expectOfAsset, expectOfContent } from './expected.ts';
import { runFailBack } from './fail-back-part.ts';
import { judgeLane } from './journal.ts';
import { MarkerWriter } from './marker-writer.ts';
import { restoreOtherPoint } from './other-point-part.ts';
import { checkService, Prober } from './prober.ts';
import { recordNames, stepsOfCommands } from './recovery.ts';
import { ReplicaPart } from './replica-part.ts';
import { completedPhase, StageFailedError, Stages } from './stages.ts';
import { untilGone } from './until-gone.ts';

/** Parts that run during the whole drill. */
interface Living {
  readonly asset: OpenAsset;
  readonly writer: MarkerWriter;
  readonly prober: Prober;
}
/** The same parts, with the backups. */
type Running = Living & BackedUp;

/** One run through the phases. It writes its observations into the record, and judges nothing. */
export class Drill {
  readonly #context: DrillContext;
  readonly #stages: Stages;
  readonly #replica: ReplicaPart;
  #prober: Prober | undefined;

  constructor(context: DrillContext) {
    this.#context = context;
    this.#stages = new Stages(context);
    this.#replica = new ReplicaPart(context, this.#stages);
  }

  /** Runs until the last stage has ended, or until a failure in a stage or between two. The record names the failure. Never throws. */
  async run(): Promise<void> {
    try {
      const running = await this.#backUp(await this.#prepare());
      const gone = await this.#strike(running);
      if (!gone) return;
      await this.#recover(running);
      await this.#verify(running);
      await this.#restoreOther(running);
      await this.#assureAfterBoth(running);
      await this.#failBack(running);
    } catch (error) {
      if (!(error instanceof StageFailedError)) this.#stages.failed(this.#stages.current, 'harness', error);
    }
    if (this.#prober !== undefined) this.#context.record.probe = this.#prober.counts;
  }

  async #prepare() {
    const { contract, clock, record, scope, drillId, tuning } = this.#context;
    const { moments } = record;
    const asset = await this.#stages.run('open', 'harness', tuning.seedBudgetMs, (step) => {
      const { target, disaster, scale } = this.#context;
      const options = { target, drillId, disaster, scale, step };
      return scope.open(`asset "${contract.name}"`, () => contract.asset.open(options));
    });
    await this.#stages.run('seed', 'harness', tuning.seedBudgetMs, async (step) => {
      const seeded = await asset.seed(step);
      record.seeded = { ...seeded, parts: [...seeded.parts] };
      record.environment.settings = { ...(await asset.settings()) };
      expectOfAsset(record, this.#context, asset);
    });
    moments.seeded = clock.now();
    const writer = scope.own(
      'marker writer',
      new MarkerWriter({
        lanes: asset.lanes,
        drillId,
        clock,
        intervalMs: tuning.markerIntervalMs,
        writeBudgetMs: tuning.markerBudgetMs,
      }),
    );
    moments.writerBegan = clock.now();
    const prober = scope.own(
      'probe',
      new Prober({
        probe: asset.probe,
        clock,
        intervalMs: tuning.probeIntervalMs,
        restIntervalMs: tuning.probeRestIntervalMs,
        attemptBudgetMs: tuning.probeBudgetMs,
      }),
    );
    this.#prober = prober;
    return this.#stages.run('fingerprint', 'harness', tuning.verifyBudgetMs, async (step) => {
      const content = await asset.fingerprint(step);
      record.fingerprint = { items: content.items, bytes: content.bytes, digest: content.digest };
      const identities = await asset.identify(step);
      expectOfContent(record, content, identities);
      await writer.untilAcknowledged(tuning.markersAround, moments.writerBegan?.monotonicMs ?? 0, step.signal);
      await prober.untilServed(0, tuning.serviceBudgetMs, step.signal);
      return { asset, writer, prober, content, identities };
    });
  }

  async #backUp(prepared: Living & Parameters<BackupPart['run']>[0]): Promise<Running> {
    const { clock, tuning } = this.#context;
    const { asset, writer, prober } = prepared;
    const part = new BackupPart(this.#context, this.#stages, (...given) => this.#procedureContext(...given));
    const backedUp = await part.run(prepared);
    if (asset.replica !== undefined) this.#replica.follow(asset.replica, writer);
    const exposed = clock.monotonicMs();
    await this.#stages.run('writes after the backup', 'harness', tuning.seedBudgetMs, async (step) => {
      await writer.untilAcknowledged(tuning.markersAround, exposed, step.signal);
      await this.#replica.untilLookedAt(step.signal);
    });
    return { asset, writer, prober, ...backedUp };
  }

  /** Returns true when every read shows that the asset is gone. Otherwise a restore proves nothing. */
  async #strike({ asset, writer, prober }: Running): Promise<boolean> {
    const { clock, record, tuning } = this.#context;
    const { moments } = record;
    await this.#replica.beforeDisaster();
    const disasterBegan = clock.now();
    moments.disasterBegan = disasterBegan;
    writer.disasterBegins();
    prober.disasterBegins();
    const destruction = await this.#stages.run('disaster', 'harness', tuning.destroyBudgetMs, (step) =>
      asset.destroy(step, { cutOff: () => writer.stop() }),
    );
    moments.disasterEnded = clock.now();
    record.disaster.exercised = destruction.exercised;
    await writer.stop();
    moments.cutOff = writer.lastAcknowledged(disasterBegan);
    const gone = await this.#stages.run('proof of destruction', 'harness', tuning.goneBudgetMs * 2, (step) =>
      untilGone(
        {
          proveGone: (each) => asset.proveGone(each),
          note: (checks) => {
            record.absence = checks;
          },
        },
        tuning.goneBudgetMs,
        step,
      ),
    );
    moments.firstFailedProbe = prober.firstFailure;
    if (gone) moments.goneProved = clock.now();
    await this.#replica.afterDisaster(moments.cutOff);
    return gone;
  }

  async #recover({ asset, prober, restored: { recoveryPoint, name } }: Running): Promise<void> {
    const { clock, contract, record, tuning, saveDraft, secrets } = this.#context;
    const { moments } = record;
    const { disasterEnded, disasterBegan, goneProved } = moments;
    if (disasterEnded === null || disasterBegan === null || goneProved === null)
      throw new Error('recovery without a disaster');
    const detectionMs = contract.detection ? contract.detection.failures * contract.detection.everyMs : 0;
    record.phases.push(
      completedPhase('detection', goneProved.monotonicMs - disasterEnded.monotonicMs, detectionMs),
      completedPhase('decision', 0, contract.decisionMs),
    );
    // One second beyond the objective: a phase cut off there is proved to be too slow.
    const deadlineMs = disasterEnded.monotonicMs + contract.rtoMs - detectionMs - contract.decisionMs + 1_000;
    const remainingMs = () => Math.max(tuning.serviceBudgetMs, deadlineMs - clock.monotonicMs());

    await this.#stages.phase('provisioning', 'harness', remainingMs(), (step) => asset.provision(step));
    const { backupWait } = record.disaster;
    if (backupWait !== undefined)
      record.phases.push({ ...completedPhase('backup-sync', 0, backupWait.waitMs ?? 0), detail: backupWait.because });
    moments.provisioned = clock.now();
    moments.restoreBegan = clock.now();
    const report = await this.#stages.phase('restore', 'procedure', remainingMs(), (step, phase) =>
      contract.protectedBy.restore(recoveryPoint, {
        ...this.#procedureContext(asset, step),
        disasterBegan,
        phase,
        isEarlier: name === 'older',
        ...(backupWait === undefined ? {} : { backupWait }),
      }),
    );
    const restoreEnded = clock.now();
    moments.restoreEnded = restoreEnded;
    recordNames(record, asset, secrets);
    const restoreMs = restoreEnded.monotonicMs - moments.restoreBegan.monotonicMs;
    stepsOfCommands(record, 'restore', 'Restore from the backup', report, restoreMs, secrets, asset.environment());
    record.restore = { claimed: report.claimed, warnings: [...report.warnings], commands: [...report.commands] };
    await saveDraft('restored');
    await checkService(prober, restoreEnded, this.#context, this.#stages);
  }

  async #verify({ asset, writer, prober, restored, other, identitiesBefore }: Running): Promise<void> {
    const { clock, record, tuning } = this.#context;
    await this.#stages.run('verify', 'harness', tuning.verifyBudgetMs, async (step) => {
      await prober.stop();
      record.probe = prober.counts;
      const after = new Map((await asset.identify(step)).map(({ what, value }) => [what, value]));
      record.provenance = identitiesBefore.map(({ what, value, keptBy }) => {
        const now = after.get(what) ?? null;
        const kept = keptBy === undefined ? {} : { keptBy };
        return { what, before: value, after: now, isNew: now !== null && now !== value, ...kept };
      });
      const captureBeganMs = record.moments.captureBegan?.monotonicMs;
      for (const lane of asset.lanes) {
        const journal = writer.journals.find((candidate) => candidate.lane === lane.name);
        if (journal === undefined) throw new Error(`lane ${lane.name} has no journal`);
        record.markers.push(
          await judgeLane(journal, lane.read(step.signal), captureBeganMs, this.#replica.heldThrough(lane.name)),
        );
      }
      record.comparison = await asset.compare(restored.content, step);
      if (other !== undefined && record.recoveryPoints !== undefined && !isSame(record.comparison))
        record.recoveryPoints.comparedWithOther = await asset.compare(other.content, step);
      // The untouched things must also stay untouched during the second restore.
      if (record.expected?.points?.alsoRestores === undefined) await this.#assure(asset, step);
    });
    record.moments.verified = clock.now();
    if (record.seeded !== null && record.seeded.bytes > 0) {
      const duration = (name: string) => record.stages.find((stage) => stage.name === name)?.durationMs ?? 0;
      record.sizes.push({
        sizeBytes: record.seeded.bytes,
        restoreMs: duration('restore'),
        backupMs: duration('backup'),
      });
    }
  }

  /** Runs only if the first restore brought everything back. Otherwise the judge uses the content of that restore. */
  async #restoreOther({ asset, writer, restored, other }: Running): Promise<void> {
    const { record } = this.#context;
    const { clearing } = asset;
    const { disasterBegan } = record.moments;
    const isWanted = record.expected?.points?.alsoRestores !== undefined;
    if (!isWanted || clearing === undefined || other === undefined || disasterBegan === null) return;
    if (record.comparison === null || !isSame(record.comparison)) return;
    await restoreOtherPoint({
      ...this.#context,
      asset,
      clearing,
      writer,
      restored,
      other,
      stages: this.#stages,
      context: (step) => ({ ...this.#procedureContext(asset, step), disasterBegan }),
    });
  }

  async #assure(asset: OpenAsset, step: Step): Promise<void> {
    const { record } = this.#context;
    if (record.disaster.assures === undefined || asset.assurances === undefined) return;
    record.assurances = [...(await asset.assurances(step))];
  }

  async #assureAfterBoth({ asset }: Running): Promise<void> {
    const { record, tuning } = this.#context;
    if (record.disaster.assures === undefined || record.expected?.points?.alsoRestores === undefined) return;
    await this.#stages.run('assurances', 'harness', tuning.verifyBudgetMs, (step) => this.#assure(asset, step));
  }

  /** Runs only after the service came back. Otherwise there is nothing to move back. */
  async #failBack({ asset, writer, restored }: Running): Promise<void> {
    const { contract, record } = this.#context;
    const { failBack } = contract.protectedBy;
    const { lostPlace } = asset;
    if (failBack === undefined || lostPlace === undefined || record.moments.serviceRestored === null) return;
    await runFailBack({
      ...this.#context,
      asset,
      lostPlace,
      failBack,
      expected: restored.content,
      lastSequence: writer.highestSequence,
      stages: this.#stages,
      context: (step) => this.#procedureContext(asset, step),
    });
  }

  #procedureContext(asset: OpenAsset, step: Step): ProcedureContext {
    const { target, drillId, secrets } = this.#context;
    const { replica } = asset;
    const environment = asset.environment();
    addVariablesOfAsset(asset, environment, secrets);
    return {
      target,
      drillId,
      environment,
      meanings: asset.meanings ?? {},
      step,
      ...(replica === undefined ? {} : { replica }),
    };
  }
}
