import { expect, test } from 'vitest';
import { Scope } from '../../base/scope.ts';
import { KubernetesApi } from '../../clients/kubernetes-api.ts';
import { systemClock } from '../../clock/clock.ts';
import { RegionBucket } from '../../targets/region-bucket.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { beginDrill, hourly } from '../kubernetes/testing.ts';
import { s3Store } from '../s3/service.ts';
import { VeleroObjects } from './objects.ts';
import { veleroSchedule } from './procedure.ts';

const target = sharedTarget();

const fewThings = { secrets: 2, configMaps: 2 };

test('a backup that Velero calls completed, but that does not lie where it should, is no recovery point', async () => {
  await using drill = await beginDrill(target, 'namespace-deleted', fewThings);
  const { step, drillId } = drill;
  const environment = { ...drill.asset.environment(), VELERO_BACKUP_PREFIX: 'velero/elsewhere' };
  const backup = hourly.backup({ target: target, drillId, environment, step });
  await expect(backup).rejects.toThrow(/velero\/elsewhere.*Velero says "Completed.*and 0 objects lie there/);
});

test('a backup that Velero refuses is named with its reason', async () => {
  await using drill = await beginDrill(target, 'namespace-deleted', fewThings);
  const { KUBECONFIG = '', VELERO_NAMESPACE = '' } = drill.asset.environment();
  const template = { includedNamespaces: [`dr-${drill.drillId}`], storageLocation: 'nowhere' };
  const velero = await VeleroObjects.of(KUBECONFIG, VELERO_NAMESPACE);
  await velero.ensure('schedules', {
    apiVersion: 'velero.io/v1',
    kind: 'Schedule',
    metadata: { name: `dr-${drill.drillId}` },
    spec: { paused: true, schedule: '0 * * * *', template },
  });
  await expect(drill.backUp()).rejects.toThrow(/FailedValidation.*nowhere/);
});

test('the recovery point is what lies in the bucket', async () => {
  await using drill = await beginDrill(target, 'namespace-deleted', fewThings);
  const [first, second] = [await drill.backUp(), await drill.backUp()];
  expect(first.location).toContain(`/${drill.asset.environment()['VELERO_BACKUP_PREFIX']}/backups/${first.id}/`);
  expect(first.objects).toBeGreaterThan(5);
  expect(first.digest).toMatch(/^sha256:[0-9a-f]{64} /);
  expect(second.digest).not.toBe(first.digest);
  expect(first.durable.monotonicMs).toBeGreaterThan(first.captureBegan.monotonicMs);
});

test('a time zone reaches Velero in its own notation, and Velero accepts it', async () => {
  await using drill = await beginDrill(target, 'namespace-deleted', fewThings);
  const { clock, signal } = drill.step;
  await drill.backUp(veleroSchedule({ cron: '30 3 29 2 *', timeZone: 'Europe/Berlin' }));
  const { KUBECONFIG = '', VELERO_NAMESPACE = '' } = drill.asset.environment();
  const objects = await VeleroObjects.of(KUBECONFIG, VELERO_NAMESPACE);
  const name = `dr-${drill.drillId}`;
  const schedule = await objects.find('schedules', name);
  expect(schedule).toMatchObject({ spec: { schedule: 'CRON_TZ=Europe/Berlin 30 3 29 2 *', paused: true } });

  // Velero looks at a schedule only when it is not paused. This one is next due on a 29 February.
  using api = new KubernetesApi(KUBECONFIG);
  const path = `/apis/velero.io/v1/namespaces/${VELERO_NAMESPACE}/schedules/${name}`;
  await api.patch(path, { spec: { paused: false } }, signal);
  const look = async () => {
    const phase = (await objects.find('schedules', name))?.status.phase ?? 'none';
    return phase === 'New' ? notYet('it is New') : arrived(phase);
  };
  expect(await waitFor({ for: 'Velero to look at the schedule', budgetMs: 60_000, look }, clock, signal)).toBe(
    'Enabled',
  );
});

/** The shared cluster's drill as if it were that of a region whose bucket is copied into another one. */
async function inTwoRegions(copy: string | undefined) {
  await using undo = new Scope({ what: 'this test', clock: systemClock });
  const drill = await undo.open('drill', () => beginDrill(target, 'namespace-deleted', fewThings));
  const { step, drillId, asset } = drill;
  const s3 = await target.place(s3Store);
  const bucket = `copy-of-${drillId}`;
  await undo.open(`bucket ${bucket}`, () => RegionBucket.make(bucket, 'us-east-2', s3, step.signal));
  const given = asset.environment();
  const environment = {
    ...given,
    VELERO_BUCKET: s3.backupBucket,
    VELERO_BUCKET_REGION: s3.region,
    VELERO_COPY_BUCKET: bucket,
    VELERO_COPY_REGION: 'us-east-2',
  };
  const times = { cron: '*/30 * * * *', timeZone: 'UTC' };
  const procedure = veleroSchedule({
    ...times,
    ...(copy === undefined ? {} : { offRegion: { copy, schedule: { cron: '*/15 * * * *' } } }),
  });
  const taken = { bucket, prefix: given['VELERO_BACKUP_PREFIX'] };
  const running = undo.handOver();
  return {
    ...taken,
    backUp: () => procedure.backup({ target, drillId, environment, step }),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

test('the recovery point of a region is what its platform copied into the other one, by the schedule of the copy', async () => {
  await using region = await inTwoRegions('fixtures/platform/scripts/buckets/bucket-copy.mjs');
  const point = await region.backUp();
  expect(point.location).toBe(`s3://${region.bucket}/${region.prefix}/backups/${point.id}/`);
  expect(point.objects).toBeGreaterThan(5);
  expect(point.copiedOn).toEqual({ cron: '*/15 * * * *', timeZone: 'UTC' });
  expect(point.claimed).toMatch(/^Completed.*; bucket-copy: copy .* failed=0$/);
});

test('a copy that says that it is done and copied nothing is no recovery point', async () => {
  await using region = await inTwoRegions('/bin/true');
  await expect(region.backUp()).rejects.toThrow(
    /copy of velero backup .*the copy ended well, and 0 objects lie there, without them/,
  );
});

test('backups that nothing brings out of their region are refused before the disaster, with that reason', async () => {
  await using region = await inTwoRegions(undefined);
  await expect(region.backUp()).rejects.toThrow(/nothing makes one, so every backup is lost with the region/);
});
