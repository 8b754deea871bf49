import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObservedMarker } from '../../model/asset.ts';
import type { Procedure } from '../../model/procedure.ts';
import type { Target } from '../../model/target.ts';
import { runCommand } from '../../process/run.ts';
import { beginSmallDrill, firstLane, type SmallDrill } from '../../testing/small-drill.ts';
import { veleroSchedule } from '../velero/procedure.ts';
import { kubernetesNamespace } from './kind.ts';
import type { KubernetesNamespaceOptions } from './options.ts';

export const platformConfiguration = 'fixtures/platform/manifests/configuration';
export const hourly = veleroSchedule({
  cron: '0 * * * *',
  ttl: '72h',
  clusterScoped: ['clusterroles', 'clusterrolebindings', 'priorityclasses', 'storageclasses'],
});

/** A small drill. Its markers are those of the namespace itself; volumes have their own. */
export interface TestDrill extends Omit<SmallDrill, 'markers' | 'readMarkers'> {
  readonly markers: readonly ObservedMarker[];
  readMarkers(): Promise<ObservedMarker[]>;
}

/** A drill of these manifests. */
export async function beginCase(
  target: Target,
  manifests: string,
  disaster: string = 'namespace-deleted',
  procedure: Procedure = hourly,
): Promise<TestDrill> {
  const folder = await mkdtemp(join(tmpdir(), 'dr-kubernetes-case-'));
  try {
    await writeFile(join(folder, 'all.yaml'), manifests);
    // The drill has read the manifests when it begins.
    return await beginDrill(target, disaster, { manifests: folder }, procedure);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs kubectl like a script of the platform. Returns its output. */
export async function kubectl(target: Target, { asset, step }: TestDrill, ...args: string[]): Promise<string> {
  const { KUBECONFIG = '' } = asset.environment();
  const file = target.tool('kubectl');
  const { stdout } = await runCommand({ name: 'kubectl', file, args, env: { KUBECONFIG } }, step.signal);
  return stdout;
}

/** Opens and seeds a namespace, takes its fingerprint, and writes a few markers. */
export async function beginDrill(
  target: Target,
  disaster: string,
  options: KubernetesNamespaceOptions,
  procedure: Procedure = hourly,
): Promise<TestDrill> {
  const drill = await beginSmallDrill({
    target,
    disaster,
    kind: kubernetesNamespace(options),
    procedure,
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
