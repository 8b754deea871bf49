import type { Fingerprint, Identity, OpenAsset } from '../model/asset.ts';
import { ExplainedError } from '../model/errors.ts';
import type { ProcedureContext, RecoveryPoint } from '../model/procedure.ts';
import type { Comparison, PointName, RecoveryPointsRecord } from '../model/record.ts';
import type { Step } from '../model/step.ts';
import { countedOf } from '../model/text.ts';
import { isSame } from '../verdict/content.ts';
import type { DrillContext } from './drill-context.ts';
import {
  CANNOT_BE_CLEARED,
  expectNoOtherRestore,
  expectNoSecondBackup,
  expectOfContent,
  NOTHING_CHANGES,
  pointsRestoredIn,
  takesBackups,
  whyOnlyOne,
} from './expected.ts';
import type { MarkerWriter } from './marker-writer.ts';
import type { Stages } from './stages.ts';

/** Result of a backup, and the content of the asset at its start. */
export interface Captured {
  readonly name: PointName;
  readonly recoveryPoint: RecoveryPoint;
  readonly content: Fingerprint;
}

/** The recovery point to restore, and the other one if there are two. */
export interface BackedUp {
  readonly restored: Captured;
  readonly other?: Captured;
  /** Last known identities of the asset, limited to those that also existed before the first backup. */
  readonly identitiesBefore: readonly Identity[];
}

export interface BackupParts {
  readonly asset: OpenAsset;
  readonly writer: MarkerWriter;
  readonly content: Fingerprint;
  readonly identities: readonly Identity[];
}

/**
 * The backups of a drill. A procedure with a schedule runs twice into the same destination, and the asset changes in between. The restored
 * content then shows mistakes of a second run, such as a comparison by size alone.
 */
export class BackupPart {
  readonly #context: DrillContext;
  readonly #stages: Stages;
  readonly #procedureContext: (asset: OpenAsset, step: Step) => ProcedureContext;

  constructor(
    context: DrillContext,
    stages: Stages,
    procedureContext: (asset: OpenAsset, step: Step) => ProcedureContext,
  ) {
    this.#context = context;
    this.#stages = stages;
    this.#procedureContext = procedureContext;
  }

  /** Takes the backups. Records them and which one the drill restores. */
  async run(parts: BackupParts): Promise<BackedUp> {
    const { contract, disaster, scale, record } = this.#context;
    const { asset, content } = parts;
    const onlyOne = whyOnlyOne(contract, asset, scale === 1);
    const older = await this.#takeOne('backup', 'older', asset, content);
    // This also serves a drill that ends before the second backup.
    this.#write([older], older, { changes: [] });
    if (takesBackups(contract)) await this.#requireUnchanged('asset after the backup', asset, content);
    if (onlyOne !== undefined) {
      const only: Captured = { ...older, name: 'newer' };
      this.#write([only], only, { changes: [], onlyOne });
      return { restored: only, identitiesBefore: parts.identities };
    }
    const { changes, changed, identities } = await this.#change(parts);
    if (changes.length === 0 || changed.digest === content.digest) return this.#unchanged(older, parts.identities);
    const newer = await this.#takeOne('second backup', 'newer', asset, changed, older.recoveryPoint);
    if (takesBackups(contract)) await this.#requireUnchanged('asset after the second backup', asset, changed);
    const wanted = pointsRestoredIn(contract, disaster);
    const { replacesEarlier } = newer.recoveryPoint;
    const restored = wanted === 'older' && replacesEarlier === undefined ? older : newer;
    const why = {
      ...(wanted === 'older' && replacesEarlier !== undefined ? { instead: replacesEarlier } : {}),
      ...(wanted === 'both' ? this.#whyOnlyOneRestored(asset, replacesEarlier) : {}),
    };
    this.#write([older, newer], restored, { changes: [...changes], ...why });
    expectOfContent(record, restored.content, identities);
    return { restored, other: restored === older ? newer : older, identitiesBefore: identities };
  }

  /** Continues with one backup when the asset's configuration refused the change. Only an attempt shows that. */
  #unchanged({ recoveryPoint, content }: Captured, identitiesBefore: readonly Identity[]): BackedUp {
    const only: Captured = { name: 'newer', recoveryPoint, content };
    expectNoSecondBackup(this.#context.record);
    this.#write([only], only, { changes: [], onlyOne: NOTHING_CHANGES });
    return { restored: only, identitiesBefore };
  }

  /** Returns why only the newer recovery point can be restored, although both should be. */
  #whyOnlyOneRestored({ clearing }: OpenAsset, replacesEarlier: string | undefined) {
    if (clearing === undefined) return { onlyOneRestored: CANNOT_BE_CLEARED };
    if (replacesEarlier === undefined) return {};
    expectNoOtherRestore(this.#context.record);
    return { onlyOneRestored: replacesEarlier };
  }

  async #takeOne(
    stage: string,
    name: PointName,
    asset: OpenAsset,
    content: Fingerprint,
    earlier?: RecoveryPoint,
  ): Promise<Captured> {
    const { contract, tuning } = this.#context;
    const recoveryPoint = await this.#stages.run(stage, 'procedure', tuning.backupBudgetMs, (step) =>
      contract.protectedBy.backup({
        ...this.#procedureContext(asset, step),
        ...(earlier === undefined ? {} : { earlier }),
      }),
    );
    return { name, recoveryPoint, content };
  }

  /** @throws {StageFailedError} that blames the platform, when the backup has changed the living asset. */
  async #requireUnchanged(stage: string, asset: OpenAsset, content: Fingerprint): Promise<void> {
    const { tuning } = this.#context;
    const found = await this.#stages.run(stage, 'harness', tuning.verifyBudgetMs, (step) =>
      asset.compare(content, step),
    );
    if (!isSame(found)) throw this.#stages.failed(stage, 'procedure', leftOtherwise(found));
  }

  /** Changes the asset and waits for new markers. Both tell the two recovery points apart. */
  async #change({ asset, writer, identities }: BackupParts) {
    const { clock, tuning } = this.#context;
    const beganMs = clock.monotonicMs();
    const budgetMs = tuning.seedBudgetMs;
    return await this.#stages.run('changes between the backups', 'harness', budgetMs, async (step) => {
      const changes = (await asset.alter?.(step)) ?? [];
      await writer.untilAcknowledged(tuning.markersAround, beganMs, step.signal);
      const changed = await asset.fingerprint(step);
      const now = await asset.identify(step);
      return {
        changes,
        changed,
        // An identity that appeared or disappeared in between does not show the origin of the content.
        identities: now.filter(({ what }) => identities.some((before) => before.what === what)),
      };
    });
  }

  #write(
    taken: readonly Captured[],
    { name, recoveryPoint, content }: Captured,
    said: Pick<RecoveryPointsRecord, 'changes' | 'instead' | 'onlyOne' | 'onlyOneRestored'>,
  ): void {
    const { record } = this.#context;
    const { captureBegan, durable, replacesEarlier: _, ...recorded } = recoveryPoint;
    record.moments.captureBegan = captureBegan;
    record.moments.durable = durable;
    record.recoveryPoint = recorded;
    record.fingerprint = { items: content.items, bytes: content.bytes, digest: content.digest };
    record.recoveryPoints = {
      taken: taken.map((each) => ({
        name: each.name,
        id: each.recoveryPoint.id,
        location: each.recoveryPoint.location,
        captureBegan: each.recoveryPoint.captureBegan,
        durable: each.recoveryPoint.durable,
        content: { items: each.content.items, digest: each.content.digest },
      })),
      restored: name,
      ...said,
    };
  }
}

function leftOtherwise({ items, firstDifferences: [first] }: Comparison): ExplainedError {
  const counts = items.flatMap(({ kind, missing, extra, differing }) => [
    ...(missing > 0 ? [`${countedOf(missing, kind)} gone`] : []),
    ...(differing > 0 ? [`${countedOf(differing, kind)} changed`] : []),
    ...(extra > 0 ? [`${countedOf(extra, kind)} added`] : []),
  ]);
  const detail =
    first === undefined ? '' : `: ${first.item}, ${first.field}, was ${first.expected} and is ${first.observed}`;
  return new ExplainedError({
    thing: 'the living asset after the backup',
    expected: 'to be as it was before the backup',
    observed: `the backup left it with ${counts.join(', ')}${detail}`,
    nextStep: 'Let the backup undo whatever it pauses, locks, suspends or removes, also when it fails.',
    cause: 'backup-changed-asset',
  });
}
