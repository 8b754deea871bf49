import type { AbsenceCheck, Disaster } from '../../model/asset.ts';
import type { RenderManifests } from '../../model/rendering.ts';
import type { Capability } from '../../model/service.ts';
import type { Step } from '../../model/step.ts';
import type { Target } from '../../model/target.ts';
import type { LosableNats } from './service.ts';

/** A server of one drill whose provider can prove its absence, where a dead address would be no proof. */
export interface ProvidedNats extends LosableNats {
  /** `what` of each read of `absence`; available once the server has started. */
  absenceReads(): readonly string[];
  /** Reads that must show that all parts of the server are gone after `lose`. */
  absence(signal: AbortSignal): Promise<readonly AbsenceCheck[]>;
}

/**
 * The source of a contract's NATS server if it is not the target's. The contract joins it with the protected streams,
 * so the two drivers stay independent.
 */
export interface NatsProvider {
  /** Completes "… on", e.g. "StatefulSet nats". */
  readonly description: string;
  /** Completes "a rehearsal on …": the second server of a drill, which starts beside the running original. */
  readonly staging?: string;
  readonly needs: readonly Capability[];
  /** Paths of the files that it reads, from the platform's folder; see {@link AssetKind.reads}. */
  readonly reads?: readonly string[];
  /** The disaster of losing the server. */
  readonly loss: Omit<Disaster, 'name'>;
  /** Reads the manifests that it names; see {@link AssetKind.prepared}. */
  prepared?(render: RenderManifests): Promise<NatsProvider>;
  /** Starts a server for only this drill, marked as disposable. A second one has another `drillId`, and shares nothing with the first. */
  start(target: Target, drillId: string, step: Step): Promise<ProvidedNats>;
}
