import { expect, it } from 'vitest';
import type { S3Place } from '../../systems/s3/service.ts';
import { veleroSchedule } from '../../systems/velero/procedure.ts';
import { SYNC_SETTING, storageLocation } from './velero.ts';

const target = { name: 'local', capabilities: [] } as const;
const schedule = { cron: '0 * * * *' };

it('B38: the record states how soon a restore in another cluster finds its backup, and that production waits longer', () => {
  const s3 = { endpoint: 'http://s3', region: 'eu-central-1', backupBucket: 'b' } as S3Place;
  const { backupSyncPeriod } = storageLocation({ s3, prefix: 'velero/x' }).spec;
  expect(SYNC_SETTING['velero backup sync']).toContain(`backupSyncPeriod ${backupSyncPeriod}`);
  expect(SYNC_SETTING['velero backup sync']).toContain('added to RTA as backup-sync');
});

it("B38: a restore in another region differs from production by the target's storage location", () => {
  const copied = veleroSchedule({ ...schedule, offRegion: { copy: 'copy.sh', schedule } });
  expect(copied.differencesFromProduction?.(target)).toContainEqual(expect.stringContaining('velero backup sync'));
  expect(veleroSchedule(schedule).differencesFromProduction?.(target)).toEqual([]);
});
