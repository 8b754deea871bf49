import { replicaAccess } from '../model/access.ts';
import type { Replica, ReplicaSight } from '../model/asset.ts';
import { ExplainedError } from '../model/errors.ts';
import type { Procedure, ProcedureContext, RecoveryPoint, RestoreContext, RestoreReport } from '../model/procedure.ts';
import { requireExecutable } from '../process/named-program.ts';
import { arrived, notYet, waitFor } from '../wait/wait.ts';
import { type FailoverOptions, type FailoverStep, failoverSteps, parseFailoverOptions } from './failover-options.ts';
import { runFailoverScript } from './failover-script.ts';

const FOLLOW_BUDGET_MS = 600_000;

/**
 * A standby that mirrors the asset, and the platform's own scripts that put it in charge and back: run as processes with the
 * asset's variables, `AWS_*` and `WORK_DIR`. There is no schedule: the worst lag that was observed is the exposure.
 * @throws {ExplainedError} when the options are not valid.
 */
export function failover(options: FailoverOptions): Procedure<'live replica'> {
  const settings = parseFailoverOptions(options);
  const run = (step: FailoverStep, context: ProcedureContext) => runFailoverScript(step, settings, context);
  const reported = async (step: FailoverStep, context: ProcedureContext): Promise<RestoreReport> =>
    reportOf([await run(step, context)]);
  return {
    description: `mirror, and failover by ${settings.promote} and ${settings.redirect}`,
    protects: [replicaAccess],
    needs: ['s3', 'regions'],
    schedule: 'mirror',
    reads: failoverSteps.map((step) => settings[step]),
    phases: ['detection', 'decision', 'promotion', 'redirect'],

    async check() {
      for (const step of failoverSteps) await requireExecutable(settings[step], `${step} script`);
    },

    /** The recovery point is the mirror itself, once it holds everything that was there when the look at it began. */
    async backup(context): Promise<RecoveryPoint> {
      const { clock } = context.step;
      const replica = replicaOf(context);
      const { claimed } = await run('mirror', context);
      const captureBegan = clock.now();
      const sights = await untilHeld(replica, context);
      return {
        id: `mirror in ${replica.description}`,
        location: sights.map(({ place }) => place).join(', '),
        captureBegan,
        durable: clock.now(),
        objects: sights.reduce((sum, { items }) => sum + items, 0),
        sizeBytes: sights.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        digest: 'none: it goes on changing',
        encryption: 'not reported by a mirror',
        immutability: 'none: what is deleted at the origin may be deleted here',
        claimed,
      };
    },

    async restore(_recoveryPoint, context: RestoreContext) {
      const phase = context.phase ?? ((_name, work) => work());
      return reportOf([
        await phase('detection', () => run('detect', context)),
        await phase('decision', () => run('decide', context)),
        await phase('promotion', () => run('promote', context)),
        await phase('redirect', () => run('redirect', context)),
      ]);
    },

    failBack: {
      beforeReturn: (context) => reported('start', context),
      rejoin: (context) => reported('rejoin', context),
      failBack: (context) => reported('failBack', context),
    },
  };
}

function reportOf(runs: readonly { readonly claimed: string; readonly command: string }[]): RestoreReport {
  return {
    claimed: runs
      .map(({ claimed }) => claimed)
      .filter((text) => text !== '')
      .join('\n'),
    warnings: [],
    commands: runs.map(({ command }) => command),
  };
}

function replicaOf({ replica }: ProcedureContext): Replica {
  if (replica !== undefined) return replica;
  throw new ExplainedError({
    thing: 'failover(…)',
    expected: 'an asset with a live replica, such as mirroredStreams({ … })',
    observed: 'the asset has none',
    nextStep: 'Protect this asset by backups, or give it a mirror.',
  });
}

/** The harness looks for itself: that a script says "follows" proves nothing. */
async function untilHeld(replica: Replica, { step }: ProcedureContext): Promise<readonly ReplicaSight[]> {
  const wanted = await replica.look(step.signal);
  return await waitFor(
    {
      for: `the mirror in ${replica.description} to hold what was there`,
      budgetMs: FOLLOW_BUDGET_MS,
      intervalMs: 20,
      look: async (signal) => {
        const sights = await replica.look(signal);
        const behind = sights.find(
          ({ position }, index) => position.replica < (wanted[index]?.position.asset ?? Number.POSITIVE_INFINITY),
        );
        return behind === undefined ? arrived(sights) : notYet(`${behind.place} is at ${behind.position.replica}`);
      },
    },
    step.clock,
    step.signal,
  );
}
