import type { OpenAsset, OpenOptions } from '../../model/asset.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { KubernetesPlace, Target } from '../../model/target.ts';
import { NamespaceAsset } from './asset.ts';
import { CONTROL_PLANE_LOST, REGION_LOST } from './disasters.ts';
import { namesFor } from './names.ts';
import type { SeedPlan } from './seed.ts';

/** Opens the namespace for one drill: a shared control plane, or one of its own where that is to be lost. */
export async function openNamespace(plan: SeedPlan, options: OpenOptions): Promise<OpenAsset> {
  const { target, drillId, disaster, step } = options;
  const place = await placeFor(disaster, target, `kubernetes-${drillId}`, step.signal);
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

async function placeFor(
  disaster: string,
  target: Target,
  label: string,
  signal: AbortSignal,
): Promise<KubernetesPlace> {
  if (disaster === CONTROL_PLANE_LOST) return await target.dedicatedKubernetes(label, signal);
  if (disaster !== REGION_LOST) return await target.sharedKubernetes();
  if (target.dedicatedKubernetesRegions !== undefined) return await target.dedicatedKubernetesRegions(label, signal);
  throw new ExplainedError({
    thing: `target ${target.name}`,
    expected: 'a control plane in each of two regions',
    observed: 'it has none',
    nextStep: `Leave ${REGION_LOST} out of \`survives\`, or drill this contract on another target.`,
  });
}

/** Disposes after a failure; a failure of the disposal joins it and never replaces it. */
async function disposeAfter(error: unknown, asset: AsyncDisposable): Promise<void> {
  try {
    await asset[Symbol.asyncDispose]();
  } catch (disposalError) {
    throw new AggregateError([error, disposalError], 'opening failed, and so did the clean-up after it');
  }
}
