/** The disposable mark: only what carries it, with this session's id, may ever be destroyed. */
export const SESSION_LABEL = 'dr-contracts.dev/session';
/** By this label a disposed asset finds what its drill made in Velero; everything that an asset makes for the whole cluster has it. */
export const DRILL_LABEL = 'dr-contracts.dev/drill';

/** The object with the markers of a drill. A filter by names in the platform must include it. */
export const MARKERS_NAME = 'dr-markers';
