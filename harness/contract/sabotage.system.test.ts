import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Scope } from '../base/scope.ts';
import { systemClock } from '../clock/clock.ts';
import { bucket, jetstream, kubernetesNamespace, script, veleroSchedule, versioning } from '../index.ts';
import type { AssetKind, OpenAsset } from '../model/asset.ts';
import type { Procedure } from '../model/procedure.ts';
import type { DrillRecord } from '../model/record.ts';
import { dropOneSecretKey } from '../systems/kubernetes/testing/sabotage.ts';
import { alterOnePayloadInBackup } from '../systems/nats/testing/alter-payload.ts';
import { s3Store } from '../systems/s3/service.ts';
import { attachTarget } from './attach-target.ts';
import { type ContractDefinition, defineContract } from './define.ts';
import { drillContract } from './drill-contract.ts';
import { overrideAsset, overriding } from './testing/overrides.ts';

const { handle, facts } = inject('drContracts');
const target = attachTarget(handle, { clock: systemClock });
let scratchDir: string;
beforeAll(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-sabotage-'));
});
afterAll(() => rm(scratchDir, { recursive: true, force: true }));

async function drill(changes: Partial<ContractDefinition>): Promise<DrillRecord> {
  const contract = defineContract({
    name: 'sabotaged',
    asset: streams,
    rto: '15m',
    rpo: '5m',
    priority: 'P1',
    owner: 'tests',
    protectedBy: snapshots,
    survives: ['stream-deleted'],
    ...changes,
  });
  return await drillContract({
    contract,
    disaster: contract.survives[0] ?? '',
    target,
    facts,
    runDir: scratchDir,
    scratchDir,
    clock: systemClock,
    signal: new AbortController().signal,
    listener: () => undefined,
    tuning: { goneBudgetMs: 2_000, serviceBudgetMs: 5_000 },
  });
}

const streams = jetstream({
  streams: [
    {
      name: 'orders',
      subjects: ['orders.created'],
      messages: 400,
      headers: true,
      consumer: { durable: 'billing', acknowledged: 0.5 },
    },
  ],
});
const snapshots = script({
  backup: 'fixtures/platform/scripts/nats-backup.sh',
  restore: 'fixtures/platform/scripts/nats-restore.sh',
  schedule: { cron: '*/2 * * * *', timeZone: 'UTC' },
  prefix: 'nats/',
});
const configuration = kubernetesNamespace({
  manifests: 'fixtures/platform/manifests/configuration',
  secrets: 2,
  configMaps: 2,
});
const clusterScoped = ['clusterroles', 'clusterrolebindings', 'priorityclasses'];
const velero = veleroSchedule({
  cron: '*/30 * * * *',
  timeZone: 'UTC',
  clusterScoped,
});
const objects = bucket({ objects: 12, prefixes: ['nats/'], largest: '1MiB' });
const versions = versioning({ restore: 'fixtures/platform/scripts/buckets/bucket-restore.mjs' });

/** Exposes the asset of the running drill and the place to inspect it. */
function watched(kind: AssetKind): { readonly kind: AssetKind; current(): OpenAsset } {
  let opened: OpenAsset | undefined;
  return {
    kind: overrideAsset(kind, (asset) => {
      opened = asset;
      return {};
    }),
    current: () => {
      if (opened === undefined) throw new Error('no asset is open');
      return opened;
    },
  };
}

/** Runs a drill of the platform's half-hourly Velero Schedule, after a change of its manifest. */
async function drillBySchedule(change: (manifest: string) => string, name: string): Promise<DrillRecord> {
  const manifest = await mkdtemp(join(scratchDir, 'velero-'));
  await cp('fixtures/platform/manifests/velero', manifest, { recursive: true });
  const path = join(manifest, 'schedule.yaml');
  await writeFile(path, change(await readFile(path, 'utf8')));
  return await drill({
    asset: configuration,
    protectedBy: veleroSchedule({ manifest, name, namespace: 'kgents-agents', clusterScoped }),
    survives: ['namespace-deleted'],
    rpo: '1h',
  });
}

async function doesNothing(): Promise<string> {
  const path = join(scratchDir, 'does-nothing.sh');
  await writeFile(path, '#!/bin/sh\necho "backup completed"\n');
  await chmod(path, 0o755);
  return path;
}

describe('an untouched contract', () => {
  it('is met, so that the sabotage below is what turns it red', async () => {
    const record = await drill({});
    expect(record.judgement).toMatchObject({ verdict: 'met' });
  });

  it('is met by the Velero Schedule that the platform has', async () => {
    const record = await drillBySchedule((manifest) => manifest, 'half-hourly');
    expect(record.judgement).toMatchObject({ verdict: 'met' });
    expect(record.contract.schedule).toMatchObject({ cron: '7,37 * * * *' });
  });
});

describe('a sabotaged contract says so in one sentence', () => {
  it('when the backup script does nothing and exits 0', async () => {
    const idle = script({
      backup: await doesNothing(),
      restore: 'fixtures/platform/scripts/nats-restore.sh',
      schedule: { cron: '*/2 * * * *', timeZone: 'UTC' },
      prefix: 'nats/',
    });
    const record = await drill({ protectedBy: idle });
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(/"backup" failed.*exited 0.*left nothing/);
  });

  it.each([
    ['stream', { asset: streams, protectedBy: snapshots, survives: ['stream-deleted'] }],
    ['namespace', { asset: configuration, protectedBy: velero, survives: ['namespace-deleted'], rpo: '1h' }],
    ['bucket', { asset: objects, protectedBy: versions, survives: ['objects-deleted'], rpo: '0s' }],
  ])('when the disaster does nothing to the %s', async (_, contract) => {
    const untouched = overrideAsset(contract.asset, () => ({ destroy: async () => ({ exercised: 'nothing' }) }));
    const record = await drill({ ...contract, asset: untouched });
    expect(record.judgement?.verdict).toBe('unproven');
    expect(record.judgement?.sentence).toMatch(/The asset was still there after the disaster/);
    expect(record.restore).toBeNull();
  });

  it('when one payload was altered in the backup', async () => {
    let altered: Awaited<ReturnType<typeof alterOnePayloadInBackup>> | undefined;
    const seen = watched(streams);
    const tampered: Procedure = overriding(snapshots, {
      backup: async (context) => {
        const point = await snapshots.backup(context);
        const [stream = ''] = (context.environment['STREAMS'] ?? '').split(' ');
        const { signal } = context.step;
        const seeded = (subject: string) => subject.endsWith('orders.created');
        altered = await alterOnePayloadInBackup(
          await target.place(s3Store),
          point.location,
          stream,
          scratchDir,
          signal,
          seeded,
        );
        return point;
      },
    });
    const record = await drill({ asset: seen.kind, protectedBy: tampered });
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toContain(`${altered?.stream} message ${altered?.sequence}`);
    expect(record.judgement?.sentence).toContain('payload');
    expect(record.comparison?.items.reduce((sum, { differing }) => sum + differing, 0)).toBe(1);
  });

  it("when the consumer's ack floor was lost in the restore", async () => {
    const forgetful: Procedure = overriding(snapshots, {
      restore: async (point, context) => {
        const report = await snapshots.restore(point, context);
        const [stream = ''] = (context.environment['STREAMS'] ?? '').split(' ');
        await using cleanup = new Scope({ what: 'this test', clock: systemClock });
        const nc = await connect({ servers: context.environment['NATS_URL'] ?? '' });
        cleanup.defer('connection', () => nc.close());
        const jsm = await jetstreamManager(nc);
        const { config } = await jsm.consumers.info(stream, 'billing');
        await jsm.consumers.delete(stream, 'billing');
        await jsm.consumers.add(stream, { ...config, ack_policy: AckPolicy.Explicit });
        return report;
      },
    });
    const record = await drill({ protectedBy: forgetful });
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(/consumer.*billing/);
    expect(JSON.stringify(record.comparison?.firstDifferences)).toContain('ack floor');
  });

  it('when one key of a Secret was dropped in the restore', async () => {
    const seen = watched(configuration);
    const leaky: Procedure = overriding(velero, {
      restore: async (point, context) => {
        const report = await velero.restore(point, context);
        await dropOneSecretKey(
          { asset: seen.current(), signal: context.step.signal },
          'payments-credentials',
          'password',
        );
        return report;
      },
    });
    const record = await drill({ asset: seen.kind, protectedBy: leaky, survives: ['namespace-deleted'], rpo: '1h' });
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(/Secret.*payments-credentials.*data\.password.*absent/);
  });

  it('when the schedule is set to daily', async () => {
    const daily = script({
      backup: 'fixtures/platform/scripts/nats-backup.sh',
      restore: 'fixtures/platform/scripts/nats-restore.sh',
      schedule: { cron: '0 3 * * *', timeZone: 'UTC' },
      prefix: 'nats/',
    });
    const record = await drill({ protectedBy: daily });
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(/the schedule "0 3 \* \* \*" \(UTC\).*permits losing 1 d.*too much/);
    expect(record.judgement?.findings.filter(({ verdict }) => verdict === 'breached')).toHaveLength(1);
  });

  const unchanged = (text: string) => text;
  const pausing = (text: string) => text.replaceAll('\nspec:\n', '\nspec:\n  paused: true\n');
  const leavingOut = (text: string) => text.replaceAll('      - kgents-agents\n', '');
  it.each([
    ['is paused', pausing, 'half-hourly', /"backup" failed.*half-hourly is paused \(spec\.paused: true\)/],
    [
      'leaves its namespace out',
      leavingOut,
      'half-hourly',
      /"backup" failed.*half-hourly backs up .*not kgents-agents/,
    ],
    ['is the daily one', unchanged, 'daily', /the schedule "0 2 \* \* \*" \(UTC\).*permits losing 1 d.*too much/],
  ])('when the Velero Schedule %s', async (_, change, name, cause) => {
    const record = await drillBySchedule(change, name);
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(cause);
  });
});
