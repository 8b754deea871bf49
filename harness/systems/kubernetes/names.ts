import { KNOWN_TO_VELERO } from '../velero/access.ts';
import { DRILL_LABEL, SESSION_LABEL } from './access.ts';

/** Label of the object that holds only markers. */
export const MARKER_LABEL = 'dr-contracts.dev/marker';
/** The annotation that holds markers on an object of the platform. */
export const MARKER_ANNOTATION = 'dr-contracts.dev/marker';
export const PROBE_ANNOTATION = 'dr-contracts.dev/probe';
/** Keys of labels and annotations that the harness writes beside the content. None of them is ever compared. */
export const HARNESS_KEYS: ReadonlySet<string> = new Set([
  SESSION_LABEL,
  DRILL_LABEL,
  MARKER_LABEL,
  MARKER_ANNOTATION,
  PROBE_ANNOTATION,
  KNOWN_TO_VELERO,
]);
export const HARNESS_DOMAIN = 'dr-contracts.dev';

/** The lane of markers in the namespace, and the key under which its object keeps them. */
export const LANE = 'namespace';
export const FIELD_MANAGER = 'dr-contracts';

export interface Names {
  readonly namespace: string;
  /** The namespace of a staging restore. Neither name is part of the other, so a search for one never finds the other. */
  readonly stagingNamespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export function namesFor(drillId: string, sessionId: string): Names {
  return {
    namespace: `dr-${drillId}`,
    stagingNamespace: `dr-staging-${drillId}`,
    labels: { [SESSION_LABEL]: sessionId, [DRILL_LABEL]: drillId },
  };
}

/** Returns whether the harness keeps the object beside the content. */
export const isOfTheHarness = (metadata: { readonly labels?: Readonly<Record<string, string>> | undefined }): boolean =>
  metadata.labels?.[MARKER_LABEL] !== undefined;
