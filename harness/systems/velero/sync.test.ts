import { describe, expect, it } from 'vitest';
import type { RestoreContext } from '../../model/procedure.ts';
import type { ManifestObject } from '../../model/rendering.ts';
import { veleroSchedule } from './procedure.ts';
import { restoreCommand } from './restore-command.ts';
import { backupSyncOf } from './sync.ts';

const location = (name: string, spec: Record<string, unknown>): ManifestObject => ({
  apiVersion: 'velero.io/v1',
  kind: 'BackupStorageLocation',
  metadata: { name },
  spec,
});
const server = (...args: string[]): ManifestObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'velero' },
  spec: { template: { spec: { containers: [{ command: ['/velero'], args: ['server', ...args] }] } } },
});
const waits = (template: Record<string, unknown>, ...objects: ManifestObject[]) =>
  backupSyncOf({ template }, objects, 'ops/velero');

describe('B38: how long production may wait until another Velero knows a backup', () => {
  it.each([
    ['1s', 60_000],
    ['30s', 60_000],
    ['59s', 60_000],
    // The next look comes when the period is just not over: Velero counts it from the end of the last sync.
    ['60s', 120_000],
    ['1m30s', 120_000],
    ['2m0s', 180_000],
    ['1h', 3_660_000],
  ])(
    'a standby whose location has the period %s: the look once a minute that finds it due',
    (backupSyncPeriod, waitMs) => {
      const { inStandby, inNewPlace } = waits({}, location('off-site', { default: true, backupSyncPeriod }));
      expect(inStandby.waitMs).toBe(waitMs);
      expect(inStandby.because).toContain(
        `backupSyncPeriod ${backupSyncPeriod} of BackupStorageLocation off-site in ops/velero`,
      );
      // One that was never read is due at the second look: the first one passes over what is not validated yet.
      expect(inNewPlace.waitMs).toBe(60_000);
    },
  );

  it("is by Velero's default where nothing says otherwise, and the reason says so", () => {
    const without = backupSyncOf({ template: {} }, undefined, undefined);
    expect(without.inStandby).toEqual({
      waitMs: 120_000,
      because: expect.stringContaining("Velero's default period of 1m, because the contract names no manifests"),
    });
    expect(waits({}, location('default', {})).inStandby).toEqual({
      waitMs: 120_000,
      because: expect.stringContaining('because ops/velero sets no other period'),
    });
  });

  it.each([
    [['--backup-sync-period=5m'], 360_000],
    [['--backup-sync-period', '10s'], 60_000],
    // The server takes a minute instead (pkg/cmd/server/server.go).
    [['--backup-sync-period=0'], 120_000],
    [[], 120_000],
  ])("is by the server's flag %j where the location has no period of its own", (args, waitMs) => {
    expect(waits({}, server(...args), location('default', {})).inStandby.waitMs).toBe(waitMs);
    expect(waits({}, server(...args), location('default', { backupSyncPeriod: '-1s' })).inStandby.waitMs).toBe(waitMs);
    expect(waits({}, server(...args), location('default', { backupSyncPeriod: '30s' })).inStandby.waitMs).toBe(60_000);
  });

  it('takes the location that the Schedule names, else the default one', () => {
    const both = [
      location('default', { backupSyncPeriod: '1h' }),
      location('near', { default: true, backupSyncPeriod: '10m' }),
      location('far', { backupSyncPeriod: '30s' }),
    ];
    expect(waits({ storageLocation: 'far' }, ...both).inStandby.waitMs).toBe(60_000);
    expect(waits({}, ...both).inStandby.waitMs).toBe(660_000);
    expect(waits({ storageLocation: 'elsewhere' }, ...both).inStandby.waitMs).toBe(120_000);
  });

  it.each([
    ['0s', 'ends the sync of backups'],
    ['0', 'ends the sync of backups'],
    ['often', 'is not a duration that Velero can read'],
  ])('is for ever with the period %s, in a standby and in a new place', (backupSyncPeriod, why) => {
    const { inStandby, inNewPlace } = waits({}, location('default', { backupSyncPeriod }));
    expect(inStandby).toEqual({ waitMs: null, because: expect.stringContaining(why) });
    expect(inNewPlace).toEqual(inStandby);
  });
});

describe('B38: a restore by Velero', () => {
  const procedure = veleroSchedule({ cron: '0 * * * *' });

  it("fails where production's Velero never reads the bucket, although the drill's would", async () => {
    const backupWait = { waitMs: null, because: 'backupSyncPeriod 0s of BackupStorageLocation a in b ends the sync' };
    const context = { backupWait } as Partial<RestoreContext> as RestoreContext;
    const point = { id: 'nightly' } as Parameters<typeof procedure.restore>[0];
    await expect(procedure.restore(point, context)).rejects.toThrow(/it never does: backupSyncPeriod 0s/);
  });

  it('tells an operator how long to wait, and only where there is something to wait for', () => {
    const environment = {
      KUBECONFIG: 'k',
      ASSET_NAMESPACE: 'a',
      RESTORE_NAMESPACE: 'a',
      VELERO_NAMESPACE: 'velero',
      VELERO_BACKUP_PREFIX: '',
    };
    const schedule = { existingResources: undefined } as Parameters<typeof restoreCommand>[2];
    const said = (...wait: [] | [{ waitMs: number; because: string }]) =>
      restoreCommand('b', 'r', schedule, environment, ...wait).known.what;
    expect(said({ waitMs: 120_000, because: 'x' })).toBe(
      'Wait until Velero knows the backup: it reads it from the bucket within 2 min',
    );
    expect(said()).toBe('Wait until Velero knows the backup');
  });
});
