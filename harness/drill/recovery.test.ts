import { describe, expect, it } from 'vitest';
import type { Procedure } from '../model/procedure.ts';
import { performing, type RecoveryStep } from '../model/step.ts';
import { memoryContract, memoryWorld } from './testing/memory-asset.ts';
import { runMemoryDrill } from './testing/run-memory-drill.ts';

const SECRET = 'hunter2-hunter2';
const DRILLS_OWN = 'nats://127.0.0.1:41234';

/** Runs a drill whose restore reports its steps and then does them. */
function drillTelling(
  tell: (
    restore: () => ReturnType<Procedure['restore']>,
    context: Parameters<Procedure['restore']>[1],
  ) => ReturnType<Procedure['restore']>,
) {
  const world = memoryWorld();
  world.asset.environment = () => ({ NATS_URL: DRILLS_OWN, NATS_PASSWORD: SECRET });
  world.asset = { ...world.asset, secretVariables: ['NATS_PASSWORD'] };
  const contract = memoryContract(world);
  const { restore } = contract.protectedBy;
  world.procedure.restore = (point, context) => tell(() => restore(point, context), context);
  const protectedBy = { ...contract.protectedBy, ...world.procedure };
  return runMemoryDrill({ ...contract, protectedBy });
}

const described: RecoveryStep = {
  what: 'Restore the values',
  command: 'ops/restore.sh "$NATS_URL"',
  variables: [
    { name: 'NATS_URL', meaning: 'the server', value: DRILLS_OWN },
    { name: 'NATS_PASSWORD', meaning: 'its password', value: SECRET },
    { name: 'STORE', meaning: 'where it is', value: `nats://user:${SECRET}@127.0.0.1` },
  ],
  ifItFails: 'Read its log.',
};

describe('the steps of a recovery', () => {
  it('are in the record in their order, each with its phase and its time', async () => {
    const { record } = await drillTelling(async (restore, { step }) => {
      await performing(step, { what: 'Look for the copy' }, async () => undefined);
      return performing(step, described, restore);
    });
    expect(record.recovery?.steps).toMatchObject([
      { phase: 'restore', what: 'Look for the copy', outcome: 'done', variables: [] },
      { phase: 'restore', what: 'Restore the values', command: described.command, ifItFails: 'Read its log.' },
    ]);
    const restoreMs = record.phases.find(({ name }) => name === 'restore')?.measuredMs ?? 0;
    const stepsMs = record.recovery?.steps.reduce((sum, { measuredMs }) => sum + measuredMs, 0) ?? 0;
    expect(stepsMs).toBeGreaterThan(0);
    expect(stepsMs).toBeLessThanOrEqual(restoreMs);
  });

  it('keep the values of variables, but of no secret', async () => {
    const { record } = await drillTelling((restore, { step }) => performing(step, described, restore));
    expect(record.recovery?.variables).toEqual([
      { name: 'NATS_URL', meaning: 'the server', value: DRILLS_OWN },
      { name: 'NATS_PASSWORD', meaning: 'its password' },
      { name: 'STORE', meaning: 'where it is' },
    ]);
    expect(JSON.stringify(record)).not.toContain(SECRET);
  });

  it('say which one failed', async () => {
    const { record } = await drillTelling((_, { step }) =>
      performing(step, described, () => Promise.reject(new Error('refused'))),
    );
    expect(record.recovery?.steps).toMatchObject([{ what: 'Restore the values', outcome: 'failed' }]);
    expect(record.failure).toMatchObject({ stage: 'restore', messages: ['refused'] });
  });

  it('are one for a procedure that only names its commands, with variables for what was the drill’s', async () => {
    const { record } = await drillTelling(async (restore) => {
      const commands = [`ops/restore.sh --server ${DRILLS_OWN}`, 'ops/check.sh'];
      return { ...(await restore()), commands };
    });
    expect(record.recovery?.steps).toMatchObject([
      {
        what: 'Restore from the backup',
        command: 'ops/restore.sh --server $NATS_URL\nops/check.sh',
        variables: ['NATS_URL'],
      },
    ]);
  });
});
