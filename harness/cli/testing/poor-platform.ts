import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import type { FindingName } from '../../model/record.ts';
import { type RunRecord, runRecordSchema } from '../../model/run-record.ts';
import { readyTarget } from '../../model/target.ts';
import { usePlatformFolder } from '../../process/platform-folder.ts';
import { type Canary, canariesOf, leaksBelow, leaksIn } from '../../testing/canaries.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import type { CommandIo } from '../command-io.ts';
import { runDrill } from '../drill-command.ts';
import { runPlan } from '../plan-command.ts';
import { drillParts, loadPlannedPromises } from '../real-parts.ts';

async function text(stream: PassThrough): Promise<string> {
  return (await Array.fromAsync(stream)).join('');
}

const faults: readonly (readonly [contract: string, finding: FindingName, cause: RegExp])[] = [
  [
    'daily-schedule',
    'exposure',
    /at most 5 min; the schedule "0 3 \* \* \*" \(Europe\/Berlin\) .* permits losing 1 d 1 h/,
  ],
  [
    'deleting-retention',
    'content',
    /it uploaded \S+streams\.tar and deleted it again after .* its retention also deletes the newest copy/s,
  ],
  ['expired-credentials', 'content', /session-backup.*the refreshed credentials are still expired/],
  [
    'metadata-only',
    'content',
    /None of 1 consumer and 50 messages.* came back.* the recovery point holds metadata only/,
  ],
  [
    'swallowed-errors',
    'content',
    /exited 0 and left nothing there.*NoSuchBucket.*It hides failures.*aws s3 cp .*\|\| true/s,
  ],
  [
    'warning-restore',
    'content',
    /as if it had succeeded \("Restore Complete"\): WARNING: stream \S+ was not restored: .*already exist/,
  ],
];

/** Each kind of line in its plan, with the page's text about it. */
const linesNotHeld: readonly (readonly [line: string, cause: RegExp])[] = [
  ['A2', /check refused-policy: messaging-writer-policy: breached .*Principal is not allowed/],
  ['B1', /drill swallowed-errors: stream-deleted: breached .*NoSuchBucket/],
  ['B2', /drill daily-schedule: stream-deleted: breached .*permits losing 1 d 1 h/],
  ['C2', /check half-set-up: velero-schedule-acme-nightly-runs: breached .*Velero Schedule acme-nightly/],
  ['T3', /drill metadata-only: stream-deleted: breached .*the recovery point holds metadata only/],
  ['T5', /drill warning-restore: stream-deleted: breached .*was not restored/],
  ['T6', /drill deleting-retention: stream-deleted: breached .*its retention also deletes the newest copy/],
  ['V1', /check half-set-up: velero-acme-nightly-backups: unproven .*Velero Schedule acme-nightly/],
  ['Q1', /drill expired-credentials: stream-deleted: breached .*the refreshed credentials are still expired/],
  [
    'H5',
    /check forgotten-rotation: credentials-rotated: breached .*Secret acme-rotation\/backup-s3: expected a key that is accepted, found key …\w{4} of IAM user acme-backup-writer, which is disabled/,
  ],
  ['H2', /check refused-policy: messaging-writer-policy: breached .*Principal is not allowed/],
  ['R1', /check half-set-up: runbook-matches: breached .*runbook\.md tells people to restore as the drills do/],
  ['F1', /nothing holds it: name a contract, a check or a test/],
];

/** Defines the tests of the poor platform on the present target: its defects are the same on every target. */
export function describePoorPlatform(budgetMs: number): void {
  // Runs the command as a user does, but on the target that the other tests use, which already runs.
  const target = sharedTarget();
  let folder = '';
  let run: RunRecord;
  let exitCode: number;
  let canaries: readonly Canary[];
  let printed = '';
  let plan = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dr-poor-platform-'));
    canaries = await canariesOf(target);
    const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
    const io: CommandIo = {
      cwd: process.cwd(),
      config: 'fixtures/poor-platform/dr-contracts.config.ts',
      clock: systemClock,
      signal: AbortSignal.timeout(budgetMs),
      stdout: streams.stdout as unknown as NodeJS.WriteStream,
      stderr: streams.stderr as unknown as NodeJS.WriteStream,
      environment: {},
      commandLine: 'dr-contracts drill',
    };
    const targetName = target.name === 'docker' ? 'docker' : 'local';
    const options = { contracts: [], all: false, keep: false, json: true, keepRuns: 1, target: targetName } as const;
    const texts = Promise.all([text(streams.stdout), text(streams.stderr)]);
    exitCode = await runDrill({ ...options, out: folder, jobs: availableParallelism() * 2 }, io, {
      ...drillParts,
      startTarget: async () => readyTarget(target),
    });
    for (const stream of Object.values(streams)) stream.end();
    const [record, said] = await texts;
    printed = `${record}\n${said}`;
    run = runRecordSchema.parse(JSON.parse(record));
    const shown = { stdout: new PassThrough(), stderr: new PassThrough().resume() };
    const planIo = { ...io, ...shown } as unknown as CommandIo;
    const file = join(folder, 'plan.md');
    const told = text(shown.stdout);
    await runPlan({ check: false, file, out: folder }, planIo, loadPlannedPromises);
    shown.stdout.end();
    plan = await told;
  });
  afterAll(async () => {
    usePlatformFolder(process.cwd());
    await rm(folder, { recursive: true, force: true });
  });

  describe('the poor platform', () => {
    it('ends with exactly the breaches that were built into it', () => {
      expect(exitCode).toBe(1);
      expect(run.summary).toMatchObject({ drills: 6, breached: 6, met: 0, atRisk: 0, unproven: 0 });
      expect(run.drills.map(({ contract }) => contract.name).toSorted()).toEqual(faults.map(([name]) => name));
      const checks = run.postures?.flatMap(({ checks: made }) => made.map(({ name, verdict }) => `${name} ${verdict}`));
      expect(checks?.toSorted()).toEqual([
        'credentials-rotated breached',
        'messaging-writer-policy breached',
        'runbook-matches breached',
        'velero-acme-nightly-backups unproven',
        'velero-schedule-acme-nightly-runs breached',
      ]);
    });

    it.each(faults)('%s is breached, and its sentence names the cause', (name, finding, cause) => {
      const judgement = run.drills.find(({ contract }) => contract.name === name)?.judgement;
      expect(judgement).toMatchObject({ verdict: 'breached', sentence: expect.stringMatching(cause) });
      const broken = judgement?.findings.filter(({ verdict }) => verdict === 'breached').map((each) => each.name);
      expect(broken?.[0]).toBe(finding);
    });

    it('loses nothing by its daily backup but the day between: only the schedule breaks that promise', () => {
      const judgement = run.drills.find(({ contract }) => contract.name === 'daily-schedule')?.judgement;
      const verdicts = judgement?.findings.map(({ name, verdict }) => `${name} ${verdict}`);
      expect(verdicts).toEqual(['destruction met', 'content met', 'rpo met', 'exposure breached', 'rto met']);
    });

    it('holds no line of its plan', () => {
      expect(plan).toContain(`0 of 13 lines are held. Not held: ${linesNotHeld.map(([line]) => line).join(', ')}.`);
    });

    it.each(linesNotHeld)('line %s of its plan is not held, and its sentence names the cause', (line, cause) => {
      expect(plan.split('\n').filter((each) => each.startsWith(`${line}: `))).toEqual([expect.stringMatching(cause)]);
    });

    it('B4: leaves none of the credentials of its drills in a file or a line', async () => {
      expect(await leaksBelow(folder, canaries)).toEqual([]);
      expect(leaksIn(printed, 'printed', canaries)).toEqual([]);
    });

    it('has a policy that IAM refuses: a principal stands where none may', () => {
      const made = run.postures?.flatMap(({ checks }) => checks) ?? [];
      const check = made.find(({ name }) => name === 'messaging-writer-policy');
      expect(check?.sentence).toMatch(/expected a document that IAM accepts, found .*Principal is not allowed/);
    });
  });
}
