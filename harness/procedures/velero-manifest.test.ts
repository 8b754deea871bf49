import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { plainManifests, plainObjects } from '../manifests/testing/plain.ts';
import { longestGapMs } from '../verdict/schedule-gap.ts';
import { veleroSchedule } from './velero.ts';
import { parseScheduleOptions } from './velero-options.ts';
import { scheduleObject } from './velero-schedule.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-velero-manifest-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function schedule(spec: string): Promise<string> {
  const manifest = join(folder, 'schedule.yaml');
  await writeFile(manifest, `apiVersion: velero.io/v1\nkind: Schedule\nmetadata: { name: nightly }\nspec: ${spec}\n`);
  return manifest;
}

type Options = Parameters<typeof veleroSchedule>[0];
const prepared = async (options: Options) =>
  (await veleroSchedule(options).prepared?.(plainManifests)) ?? veleroSchedule(options);

const environment = {
  KUBECONFIG: 'k',
  ASSET_NAMESPACE: 'dr-x',
  RESTORE_NAMESPACE: 'dr-x',
  VELERO_NAMESPACE: 'velero',
  VELERO_BACKUP_PREFIX: '',
};

describe('a Velero Schedule of somebody’s manifests', () => {
  test('says when it runs', async () => {
    const manifest = 'fixtures/platform/manifests/velero/schedule.yaml';
    const of = async (name: string) => (await prepared({ manifest, name })).schedule;
    expect(await of('daily')).toMatchObject({ cron: '0 2 * * *', timeZone: 'UTC', keptMs: 30 * 86_400_000 });
    expect(await of('half-hourly')).toMatchObject({ cron: '7,37 * * * *', timeZone: 'UTC', keptMs: 2 * 86_400_000 });
  });

  test('is drilled with its own template, for the drill’s namespace alone', async () => {
    const manifest = await schedule(
      '{ schedule: "CRON_TZ=Europe/Berlin @daily", template: { includedNamespaces: [a], storageLocation: s3, includeClusterResources: true, excludedResources: [secrets], ttl: 72h0m0s } }',
    );
    const parsed = parseScheduleOptions({ manifest, namespace: 'a' }, plainObjects(manifest));
    expect(parsed).toMatchObject({ cron: '@daily', timeZone: 'Europe/Berlin', idle: undefined });
    expect(scheduleObject('dr-x', parsed, environment, 'x')).toMatchObject({
      spec: {
        schedule: 'CRON_TZ=Europe/Berlin @daily',
        template: { includedNamespaces: ['dr-x'], excludedResources: ['secrets'], ttl: '72h0m0s' },
      },
    });
    const text = JSON.stringify(scheduleObject('dr-x', parsed, environment, 'x'));
    expect(text).not.toMatch(/storageLocation|includeClusterResources/);
  });

  test.each([
    [
      'is paused',
      '{ schedule: "0 * * * *", paused: true, template: {} }',
      /paused \(spec\.paused: true\), so no backup/,
    ],
    [
      'leaves the namespace out',
      '{ schedule: "0 * * * *", template: { includedNamespaces: [b] } }',
      /backs up b, and not a/,
    ],
  ])('that %s breaks the promise, in a sentence', async (_what, spec, message) => {
    const procedure = await prepared({ manifest: await schedule(spec), namespace: 'a' });
    await expect(procedure.backup({} as never)).rejects.toThrow(message);
  });

  test.each([
    ['which Velero refuses', '0 2 * * 7', /"7" is not within 0 to 6/],
    ['which never fires', '0 0 30 2 *', /less than twice in eight years/],
    ['in a time zone that there is not', 'CRON_TZ=Mars/Olympus 0 2 * * *', /Mars\/Olympus/],
  ])('N20: with a schedule %s takes no backup, and stops no other contract', async (_what, cron, message) => {
    const procedure = await prepared({
      manifest: await schedule(`{ schedule: "${cron}", template: {} }`),
      namespace: 'a',
    });
    await expect((async () => await procedure.backup({} as never))()).rejects.toThrow(message);
  });

  test('keeps its backups as long as its ttl says, or for Velero’s own 30 days', async () => {
    const keptMs = async (template: string) =>
      (await prepared({ manifest: await schedule(`{ schedule: "0 * * * *", template: ${template} }`) })).schedule;
    expect(await keptMs('{ ttl: 1h30m }')).toMatchObject({ keptMs: 5_400_000, runs: { concurrency: 'Forbid' } });
    expect(await keptMs('{}')).toMatchObject({ keptMs: 30 * 86_400_000 });
    expect(await keptMs('{ ttl: 30d }')).toMatchObject({ idle: { cause: 'schedule-takes-no-backup' } });
  });

  test('B9: "@every 6h" is Velero’s own way to write an interval, and is taken', async () => {
    const manifest = await schedule('{ schedule: "@every 6h", template: {} }');
    const parsed = parseScheduleOptions({ manifest, namespace: 'a' }, plainObjects(manifest));
    expect(longestGapMs(parsed, new Date('2026-01-01'))).toBe(6 * 3_600_000);
    expect(scheduleObject('dr-x', parsed, environment, 'x')).toMatchObject({ spec: { schedule: '@every 6h' } });
  });

  test.each([
    ['is not there', '{ schedule: "0 * * * *", template: {} }', { name: 'other' }, /it has nightly/],
    ['is given a second time', '{ schedule: "0 * * * *", template: {} }', { cron: '0 1 * * *' }, /manifest’s/],
  ])('that %s is refused', async (_what, spec, more, message) => {
    const manifest = await schedule(spec);
    expect(() => parseScheduleOptions({ manifest, ...more }, plainObjects(manifest))).toThrow(message);
  });
});
