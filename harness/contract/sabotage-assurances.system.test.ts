import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Scope } from '../base/scope.ts';
import { systemClock } from '../clock/clock.ts';
import { runDrill } from '../drill/run-drill.ts';
import { grafanaDashboards, jetstream, kubernetesNamespace, script, sparing, veleroSchedule } from '../index.ts';
import type { OpenAsset } from '../model/asset.ts';
import type { DrillRecord } from '../model/record.ts';
import { attachTarget } from './attach-target.ts';
import { type ContractDefinition, defineContract } from './define.ts';
import { newDrillId } from './drill-contract.ts';
import { overrideAsset, overriding } from './testing/overrides.ts';

const { handle, facts } = inject('drContracts');
const target = attachTarget(handle, { clock: systemClock });
let scratchDir: string;
beforeAll(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-assurances-'));
});
afterAll(() => rm(scratchDir, { recursive: true, force: true }));

async function drill(definition: Pick<ContractDefinition, 'asset' | 'protectedBy' | 'survives' | 'rpo'>) {
  const contract = defineContract({ name: 'sabotaged', rto: '2h', priority: 'P3', owner: 'tests', ...definition });
  return runDrill({
    contract,
    disaster: contract.survives[0] ?? '',
    target,
    drillId: newDrillId(),
    run: facts,
    scratchDir,
    clock: systemClock,
    signal: new AbortController().signal,
    listener: () => undefined,
    save: async () => undefined,
  });
}
const archive = script({
  backup: 'fixtures/platform/scripts/nats-backup.sh',
  restore: 'fixtures/platform/scripts/nats-restore.sh',
  schedule: { cron: '0 3 * * *' },
  prefix: 'nats/',
});
const stream = (name: string) => jetstream({ streams: [{ name, subjects: [`${name}.created`], messages: 50 }] });
const findingOf = (record: DrillRecord, name: string) =>
  record.judgement?.findings.find((finding) => finding.name === name);

it('names a dashboard that was invalid in the backup already, however faithfully it came back', async () => {
  const manifests = join(scratchDir, 'dashboards');
  await cp('fixtures/platform/manifests/dashboards', manifests, { recursive: true });
  const broken = (await readFile(join(manifests, 'backups.json'), 'utf8')).replace(
    '"schemaVersion": 42',
    '"schemaVersion": "new"',
  );
  await writeFile(join(manifests, 'backups.json'), broken);
  const record = await drill({
    asset: kubernetesNamespace({ manifests, accepts: grafanaDashboards() }),
    protectedBy: veleroSchedule({ cron: '*/30 * * * *', timeZone: 'UTC' }),
    survives: ['namespace-deleted'],
    rpo: '1h',
  });
  expect(findingOf(record, 'content')).toMatchObject({ verdict: 'met' });
  expect(record.judgement?.verdict).toBe('breached');
  expect(record.judgement?.sentence).toMatch(
    /1 of 3 checks failed: dashboard backups\.json in ConfigMap dashboard-backups: its field schemaVersion is not valid/,
  );
});

it.each([
  ['first', false],
  ['second', true],
])('says so when the %s restore into staging reached the living original', async (_, isSecond) => {
  let original = '';
  const careless = overriding(archive, {
    backup: (context) => {
      original = context.environment['NATS_URL'] ?? '';
      return archive.backup(context);
    },
    restore: async (point, context) => {
      if (context.isEarlier !== isSecond) return archive.restore(point, context);
      await using cleanup = new Scope({ what: 'this test', clock: systemClock });
      const nc = await connect({ servers: original });
      cleanup.defer('connection', () => nc.close());
      const jsm = await jetstreamManager(nc);
      await jsm.streams.deleteMessage(context.environment['STREAMS'] ?? '', 3);
      return archive.restore(point, context);
    },
  });
  const record = await drill({
    asset: stream('orders'),
    protectedBy: careless,
    survives: ['rehearsal'],
    rpo: '48h',
  });
  expect(findingOf(record, 'content')).toMatchObject({ verdict: 'met' });
  expect(record.judgement?.verdict).toBe('breached');
  expect(record.judgement?.sentence).toMatch(
    /stay untouched.*the living original: 1 of \d checks failed: seeded content: was 52 items, .* is 51 items/,
  );
});

describe('a bystander', () => {
  const beside = { protectedBy: archive, survives: ['stream-deleted'], rpo: '48h' } as const;

  it('that stays healthy and the same is shown to be so', async () => {
    const record = await drill({
      ...beside,
      asset: sparing({ asset: stream('metrics'), bystander: stream('orders') }),
    });
    expect(record.judgement?.verdict).toBe('met');
    expect(record.assurances).toMatchObject([{ promise: 'untouched', checked: 3, failed: 0 }]);
    expect(findingOf(record, 'untouched')?.sentence).toContain('stream orders');
  });

  it('that the disaster takes along breaches the contract, though all of the asset came back', async () => {
    let takeAlong: OpenAsset | undefined;
    const bystander = overrideAsset(stream('orders'), (asset) => {
      takeAlong = asset;
      return {};
    });
    const struck = overrideAsset(stream('metrics'), (asset) => ({
      destroy: async (step, control) => {
        const destruction = await asset.destroy(step, control);
        await takeAlong?.destroy(step, control);
        return destruction;
      },
    }));
    const record = await drill({ ...beside, asset: sparing({ asset: struck, bystander }) });
    expect(findingOf(record, 'content')).toMatchObject({ verdict: 'met' });
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(
      /stay untouched.*stream orders.*3 of 3 checks failed.*reads and writes.*stream not found/,
    );
  });
});
