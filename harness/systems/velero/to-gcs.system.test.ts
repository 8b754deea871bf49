import { expect, test } from 'vitest';
import { sharedTarget } from '../../testing/shared-target.ts';
import { gcsBackups } from '../gcs/backup-store.ts';
import { CONTROL_PLANE_LOST } from '../kubernetes/disasters.ts';
import { beginDrill, platformConfiguration } from '../kubernetes/testing.ts';
import type { VeleroScheduleOptions } from './options.ts';
import { veleroSchedule } from './procedure.ts';

const target = sharedTarget();

const toGcs = (options: Pick<VeleroScheduleOptions, 'manifest' | 'name' | 'namespace'> = {}) =>
  veleroSchedule({
    ...(options.manifest === undefined ? { cron: '0 * * * *' } : options),
    clusterScoped: ['clusterroles', 'clusterrolebindings', 'priorityclasses', 'storageclasses'],
    destination: gcsBackups,
  });
const things = { manifests: platformConfiguration, secrets: 3, configMaps: 3 };

test.each(['namespace-deleted', CONTROL_PLANE_LOST])(
  '%s: either of two backups in Google Cloud Storage lies there by itself, and the older one brings back its content',
  async (disaster) => {
    await using drill = await beginDrill(target, disaster, things, toGcs());
    const [first, second] = [await drill.backUp(), await drill.backUp()];
    const folder = `velero/${target.sessionId}`;
    for (const { id, location } of [first, second]) {
      expect(location).toMatch(new RegExp(`^gs://[a-z-]+/${folder}-[^/]+/backups/${id}/$`));
      const prefix = location.replace(/^gs:\/\/[^/]+\//, '');
      using destination = await gcsBackups.open(target, prefix);
      const objects = await destination.list(drill.step.signal);
      expect(objects.get(`${prefix}${id}.tar.gz`)?.sizeBytes).toBeGreaterThan(0);
    }
    expect(second.digest).not.toBe(first.digest);
    await drill.strike();
    await drill.restore(first);
    const { items, firstDifferences } = await drill.compare();
    expect(firstDifferences).toEqual([]);
    for (const counts of items) expect(counts, counts.kind).toMatchObject({ missing: 0, differing: 0 });
    expect(await drill.readMarkers()).toEqual(drill.markers);
  },
);
