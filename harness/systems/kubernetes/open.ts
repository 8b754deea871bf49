import type { OpenAsset, OpenOptions } from '../../model/asset.ts';
import { NamespaceAsset } from './asset.ts';
import { CONTROL_PLANE_LOST } from './disasters.ts';
import { namesFor } from './names.ts';
import type { SeedPlan } from './seed.ts';

/** Opens the namespace for one drill: a shared control plane, or one of its own where that is to be lost. */
export async function openNamespace(plan: SeedPlan, options: OpenOptions): Promise<OpenAsset> {
  const { target, drillId, disaster, step } = options;
  const place =
    disaster === CONTROL_PLANE_LOST
      ? await target.dedicatedKubernetes(`kubernetes-${drillId}`, step.signal)
      : await target.sharedKubernetes();
  const names = namesFor(drillId, target.sessionId);
  const asset = new NamespaceAsset(plan, options, place, names);
  try {
    await asset.prepare(step);
    return asset;
  } catch (error) {
    await disposeAfter(error, asset);
    throw error;
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
