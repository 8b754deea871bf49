import { type SessionFile, sessionFileSchema } from '../session.ts';

/** Label on every container, network and volume of a session; its value is the session's id. */
export const SESSION_LABEL = 'dr-contracts.session';
/**
 * Label with the owner of the session. It distinguishes the leftovers of a dead owner from the objects of a living one, even when the
 * owner's folder is gone.
 */
export const OWNER_LABEL = 'dr-contracts.owner';
/** Set by kind on its node containers; kind does not support other labels. */
export const KIND_CLUSTER_LABEL = 'io.x-k8s.kind.cluster';
export const KIND_ROLE_LABEL = 'io.x-k8s.kind.role';

export function sessionLabels(session: SessionFile): Readonly<Record<string, string>> {
  // Without commas and quotes, which break several of docker's listings.
  return {
    [SESSION_LABEL]: session.id,
    [OWNER_LABEL]: Buffer.from(JSON.stringify(session)).toString('base64url'),
  };
}

/** Returns undefined for an unreadable label. */
export function readOwnerLabel(label: string): SessionFile | undefined {
  try {
    return sessionFileSchema.parse(JSON.parse(Buffer.from(label, 'base64url').toString('utf8')));
  } catch {
    return undefined;
  }
}

/** Prefix of every kept cluster's name; no session's name begins so. */
export const KEPT_PREFIX = 'dr-kept-';

export const networkName = (sessionId: string): string => `dr-${sessionId}`;
export const clusterName = (sessionId: string, label: string): string => `dr-${sessionId}-${label}`;
/** Returns the session named in a kind cluster's name. */
export const sessionOfCluster = (name: string): string | undefined => /^dr-([a-z][a-z0-9]{9})-/.exec(name)?.[1];

export const labelArguments = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
