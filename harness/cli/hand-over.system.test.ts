import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { runRecordSchema } from '../model/run-record.ts';
import { readyTarget } from '../model/target.ts';
import { usePlatformFolder } from '../process/platform-folder.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import type { CommandIo } from './command-io.ts';
import { runDrill } from './drill-command.ts';
import { drillParts } from './real-parts.ts';

const target = sharedTarget();

/** Runs `drill --posture --json` of the reference platform, on the target that the other tests use. */
async function postureRun(contracts: readonly string[]) {
  const out = await mkdtemp(join(tmpdir(), 'dr-hand-over-'));
  onTestFinished(async () => {
    usePlatformFolder(process.cwd());
    await rm(out, { recursive: true, force: true });
  });
  const [stdout, stderr] = [new PassThrough(), new PassThrough().resume()];
  const io: CommandIo = {
    cwd: process.cwd(),
    clock: systemClock,
    signal: AbortSignal.timeout(170_000),
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    environment: {},
    commandLine: 'dr-contracts drill --posture --json',
  };
  const printed = Array.fromAsync(stdout);
  const options = { contracts, all: false, keep: false, json: true, posture: true, target: 'local', out } as const;
  await runDrill(options, io, { ...drillParts, startTarget: async () => readyTarget(target) });
  stdout.end();
  return runRecordSchema.parse(JSON.parse((await printed).join('')));
}

test('the run of the postures hands over the bucket, the CronJobs, the objects of Velero and the runbook', async () => {
  const { handOver, postures = [] } = await postureRun(['off-site-backups', 'restore-procedures']);
  const names = (parts: readonly { readonly name: string }[] = []) => parts.map(({ name }) => name);
  expect(names(handOver?.buckets)).toEqual(['kgents-dr-backups', 'kgents-dr-backups-us-east-2']);
  expect(names(handOver?.cronJobs)).toEqual([
    'kgents-agents/bucket-copy',
    'kgents-agents/nats-backup',
    'kgents-agents/nats-backup-recent',
  ]);
  expect(names(handOver?.veleroObjects)).toEqual([
    'BackupStorageLocation off-site',
    'Schedule daily',
    'Schedule half-hourly',
  ]);
  expect(names(handOver?.runbooks)).toEqual(['docs/runbook.md']);
  // Every check has passed or is blocked, and a blocked one states the reason.
  const checks = postures.flatMap(({ contract, checks: made }) => made.map(({ name }) => `${contract.name}/${name}`));
  const { passed = [], blocked = [] } = handOver ?? {};
  expect([...passed, ...blocked].map(({ what }) => what).toSorted()).toEqual(checks.toSorted());
  expect(passed.map(({ what }) => what)).toContain('off-site-backups/kgents-dr-backups-settings');
  expect(blocked.filter(({ why }) => why === '')).toEqual([]);
});
