import { describe, expect, it } from 'vitest';
import type { PostureCheckRecord, PostureRecord } from '../model/posture.ts';
import { runRecordSchema } from '../model/run-record.ts';
import { madeUpDrill, madeUpPosture, madeUpRun } from '../reporting/testing/made-up-records.ts';
import { handOverOf } from './hand-over.ts';

const bucket = { kind: 'bucket', name: 'backups' } as const;

function postureOf(
  ...checks: readonly (Partial<PostureCheckRecord> & Pick<PostureCheckRecord, 'name'>)[]
): PostureRecord {
  const made = madeUpPosture(
    checks.map(({ name, verdict = 'met', sentence = 'Fine.' }) => ({ name, verdict, sentence })),
  );
  return { ...made, checks: made.checks.map((check, index) => ({ ...check, ...checks[index] })) };
}

describe('the hand-over of a run', () => {
  it('names buckets, CronJobs, objects of Velero and runbooks, each once, with the worst verdict of its checks', () => {
    const posture = postureOf(
      { name: 'settings', about: [bucket] },
      { name: 'points', verdict: 'breached', about: [bucket, { kind: 'cron-job', name: 'agents/nats-backup' }] },
      { name: 'runbook', about: [{ kind: 'runbook', name: 'docs/runbook.md' }] },
    );
    const run = madeUpRun([], [posture]);
    const { handOver } = runRecordSchema.parse({ ...run, handOver: handOverOf(run) });
    expect(handOver).toMatchObject({
      buckets: [
        { name: 'backups', verdict: 'breached', checks: ['off-site-backups/settings', 'off-site-backups/points'] },
      ],
      cronJobs: [{ name: 'agents/nats-backup', verdict: 'breached' }],
      runbooks: [{ name: 'docs/runbook.md', verdict: 'met' }],
      veleroObjects: [],
    });
  });

  it('names the storage location that a check found behind a Velero Schedule', () => {
    const observation: PostureCheckRecord['observation'] = {
      kind: 'schedule',
      what: 'Velero Schedule daily',
      at: '2026-01-01T00:00:00.000Z',
      rpoMs: 1,
      takesMs: 0,
      found: { cron: '0 2 * * *', timeZone: 'UTC', paused: false, problem: null, storageLocation: 'off-site' },
    };
    const about = [{ kind: 'velero-object', name: 'Schedule daily' }] as const;
    const { veleroObjects } = handOverOf(madeUpRun([], [postureOf({ name: 'runs', about: [...about], observation })]));
    expect(veleroObjects.map(({ name }) => name)).toEqual(['BackupStorageLocation off-site', 'Schedule daily']);
  });

  it('says what passed, and what is blocked, by whom it is owned, why, and for which halt condition', () => {
    const posture = postureOf(
      { name: 'fine', verdict: 'at-risk' },
      {
        name: 'cost',
        verdict: 'breached',
        sentence: 'It costs 30 USD.',
        halts: 'cost',
        owner: 'platform',
        nextStep: 'Lower it.',
      },
    );
    const run = {
      ...madeUpRun([madeUpDrill(), madeUpDrill({ contract: 'broken', judgement: null })], [posture]),
      leftOut: [{ contract: 'api', lacking: ['pods'] }],
      mistakes: [{ contract: 'typo', file: 'contracts/typo.spec.ts', message: 'it has no RTO' }],
    };
    const { passed, blocked } = handOverOf(run);
    expect(passed).toEqual([
      { what: 'off-site-backups/fine', verdict: 'at-risk', owner: 'platform' },
      { what: 'nats-streams/stream-deleted', verdict: 'met', owner: 'platform' },
    ]);
    expect(blocked).toEqual([
      {
        what: 'off-site-backups/cost',
        verdict: 'breached',
        owner: 'platform',
        why: 'It costs 30 USD.',
        halts: 'cost',
        nextStep: 'Lower it.',
      },
      { what: 'broken/stream-deleted', verdict: 'unproven', owner: 'platform', why: 'it was not judged' },
      { what: 'api', verdict: 'unproven', owner: null, why: 'it was not run: the target lacks pods' },
      { what: 'typo', verdict: 'unproven', owner: null, why: 'it has no RTO' },
    ]);
  });

  it('is blocked by a run that did not come to its end', () => {
    const run = { ...madeUpRun([]), failure: { messages: ['the disk is full'], interrupted: false } };
    expect(handOverOf(run).blocked).toMatchObject([
      { what: 'the run', why: expect.stringContaining('the disk is full') },
    ]);
  });
});
