import type { AbsenceCheck, Disaster } from '../../model/asset.ts';
import type { RenderManifests } from '../../model/rendering.ts';
import type { Capability } from '../../model/service.ts';
import type { Step } from '../../model/step.ts';
import type { Target } from '../../model/target.ts';
import type { LosableNats } from './service.ts';

/** A server of a drill's own that its provider can show to be gone, where a dead address alone would not. */
export interface ProvidedNats extends LosableNats {
  /** `what` of each read of `absence`, known as soon as the server has started. */
  absenceReads(): readonly string[];
  /** Reads that must show everything of the server gone after `lose`. */
  absence(signal: AbortSignal): Promise<readonly AbsenceCheck[]>;
}

/**
 * Where a contract's NATS server comes from when it is not the target's: a contract joins it with the streams that it protects,
 * so that neither driver knows the other.
 */
export interface NatsProvider {
  /** Completes "… on", e.g. "StatefulSet nats". */
  readonly description: string;
  /** Completes "a rehearsal on …": what the second one of a drill is, which is started beside the living original. */
  readonly staging?: string;
  readonly needs: readonly Capability[];
  /** Paths from the platform's folder of what it reads; see {@link AssetKind.reads}. */
  readonly reads?: readonly string[];
  /** What losing the server means here. */
  readonly loss: Omit<Disaster, 'name'>;
  /** Reads the manifests that it names; see {@link AssetKind.prepared}. */
  prepared?(render: RenderManifests): Promise<NatsProvider>;
  /** Starts one for this drill alone, marked as disposable. A second one has another `drillId`, and shares nothing with the first. */
  start(target: Target, drillId: string, step: Step): Promise<ProvidedNats>;
}
