import type { OpenAsset, OpenOptions } from '../../model/asset.ts';
import type { Target } from '../../model/target.ts';
import { NamespaceAsset } from './asset.ts';
import { CONTROL_PLANE_LOST, REGION_LOST } from './disasters.ts';
import type { DrilledCluster } from './drilled-cluster.ts';
import { namesFor } from './names.ts';
import type { SeedPlan } from './seed.ts';
import { kubernetesRegions, ownKubernetes, sharedKubernetes } from './service.ts';

/** Opens the namespace for one drill: a shared control plane, or one of its own where that is to be lost. */
export async function openNamespace(plan: SeedPlan, options: OpenOptions): Promise<OpenAsset> {
  const { target, drillId, disaster, step } = options;
  const cluster = await clusterFor(disaster, target, `kubernetes-${drillId}`, step.signal);
  const names = namesFor(drillId, target.sessionId);
  const asset = new NamespaceAsset(plan, options, cluster, names);
  try {
    await asset.prepare(step);
    return asset;
  } catch (error) {
    await disposeAfter(error, asset);
    throw error;
  }
}

async function clusterFor(
  disaster: string,
  target: Target,
  label: string,
  signal: AbortSignal,
): Promise<DrilledCluster> {
  switch (disaster) {
    case CONTROL_PLANE_LOST:
      return { loses: 'control plane', place: await target.place(ownKubernetes, { label }, signal) };
    case REGION_LOST:
      return { loses: 'region', place: await target.place(kubernetesRegions, { label }, signal) };
    default:
      return { loses: 'namespace', place: await target.place(sharedKubernetes) };
  }
}

/** Disposes after a failure; a failure of the disposal joins it and never replaces it. */
async function disposeAfter(error: unknown, asset: AsyncDisposable): Promise<void> {
  try {
    await asset[Symbol.asyncDispose]();
  } catch (disposalError) {
    throw new AggregateError([error, disposalError], 'opening failed, and so did the clean-up after it');
  }
}
