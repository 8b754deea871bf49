import type { ObservedMarker } from '../../model/asset.ts';
import type { Target } from '../../model/target.ts';
import { veleroSchedule } from '../../procedures/velero.ts';
import { beginSmallDrill, firstLane, type SmallDrill } from '../../testing/small-drill.ts';
import { kubernetesNamespace } from './kind.ts';
import type { KubernetesNamespaceOptions } from './options.ts';

export const platformConfiguration = 'fixtures/platform/manifests/configuration';
export const hourly = veleroSchedule({
  cron: '0 * * * *',
  ttl: '72h',
  clusterScoped: ['clusterroles', 'clusterrolebindings', 'priorityclasses', 'storageclasses'],
});

/** Markers are those of the namespace itself; its volumes have their own. */
export interface TestDrill extends Omit<SmallDrill, 'markers' | 'readMarkers'> {
  readonly markers: readonly ObservedMarker[];
  readMarkers(): Promise<ObservedMarker[]>;
}

/** Opens and seeds a namespace, takes its fingerprint, and writes a few markers. */
export async function beginDrill(
  target: Target,
  disaster: string,
  options: KubernetesNamespaceOptions,
): Promise<TestDrill> {
  const drill = await beginSmallDrill({
    target,
    disaster,
    kind: kubernetesNamespace(options),
    procedure: hourly,
    budgetMs: 290_000,
    goneBudgetMs: 30_000,
    markers: { beforeBackup: 5 },
    lanes: (asset) => asset.lanes.slice(0, 1),
  });
  return {
    ...drill,
    markers: firstLane(drill.markers, []),
    readMarkers: async () => firstLane(await drill.readMarkers(), []),
  };
}
