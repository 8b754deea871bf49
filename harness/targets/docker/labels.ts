import { type SessionFile, sessionFileSchema } from '../session.ts';

/** On every container, network and volume of a session: its id. */
export const SESSION_LABEL = 'dr-contracts.session';
/** ... and who owns it, so that what a dead owner left can be told from what a living one uses, even when its folder is gone. */
export const OWNER_LABEL = 'dr-contracts.owner';
/** Set by kind on its node containers; kind offers no labels of one's own. */
export const KIND_CLUSTER_LABEL = 'io.x-k8s.kind.cluster';
export const KIND_ROLE_LABEL = 'io.x-k8s.kind.role';

export function sessionLabels(session: SessionFile): Readonly<Record<string, string>> {
  // Without commas and quotes: several of docker's listings cannot carry them.
  return {
    [SESSION_LABEL]: session.id,
    [OWNER_LABEL]: Buffer.from(JSON.stringify(session)).toString('base64url'),
  };
}

/** Undefined for a label that says nothing. */
export function readOwnerLabel(label: string): SessionFile | undefined {
  try {
    return sessionFileSchema.parse(JSON.parse(Buffer.from(label, 'base64url').toString('utf8')));
  } catch {
    return undefined;
  }
}

/** Begins the name of every kept cluster; no session's name begins so. */
export const KEPT_PREFIX = 'dr-kept-';

export const networkName = (sessionId: string): string => `dr-${sessionId}`;
export const clusterName = (sessionId: string, label: string): string => `dr-${sessionId}-${label}`;
/** The session that a kind cluster's name says it belongs to. */
export const sessionOfCluster = (name: string): string | undefined => /^dr-([a-z][a-z0-9]{9})-/.exec(name)?.[1];

export const labelArguments = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
