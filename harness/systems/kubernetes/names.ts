/** The disposable mark: only what carries it, with this session's id, may ever be destroyed. */
export const SESSION_LABEL = 'dr-contracts.dev/session';
export const DRILL_LABEL = 'dr-contracts.dev/drill';
export const MARKER_LABEL = 'dr-contracts.dev/marker';
export const PROBE_LABEL = 'dr-contracts.dev/probe';

export const PROBE_NAME = 'dr-probe';
export const FIELD_MANAGER = 'dr-contracts';

export interface Names {
  readonly namespace: string;
  /** Where a staging restore goes. Neither name is part of the other, so a search for one never finds the other. */
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
