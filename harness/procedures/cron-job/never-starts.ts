/** What a container waits for, as its pod's status says. */
export interface WaitingContainer {
  readonly pod: string;
  readonly container: string;
  readonly reason: string;
  readonly message: string;
}

/** The kubelet gives these up: no later attempt can end otherwise (https://github.com/kubernetes/kubernetes, pkg/kubelet/images/types.go). */
const FINAL = new Set(['InvalidImageName', 'ErrImageNeverPull']);
/** The kubelet tries these again with every sync of the pod, and a sync may fail only because its cache was not filled yet. */
const RETRIED_BY_SYNC = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'ImageInspectError',
  'RunContainerError',
]);
const SYNC_PATIENCE_MS = 30_000;
/** It stands after each failed pull, for ten seconds after the first one. */
const BACK_OFF = 'ImagePullBackOff';
const BACK_OFFS_OF_A_FAILURE = 2;

/**
 * How Go and containerd word a registry that could not be reached; a refusal (`not found`, `unauthorized`) is an answer of the registry.
 * The kubelet repeats the words in the message of the back-off.
 */
const UNREACHABLE =
  /dial tcp|no such host|i\/o timeout|TLS handshake timeout|connection (?:refused|reset)|network is unreachable|no route to host|proxyconnect|(?:500 Internal Server Error|502 Bad Gateway|503 Service Unavailable|504 Gateway Time-?out)/i;

/** Whether the image could not be pulled because its registry was out of reach, for which the platform is not to blame. */
export function isRegistryUnreachable({ reason, message }: Pick<WaitingContainer, 'reason' | 'message'>): boolean {
  if (reason === 'RegistryUnavailable') return true;
  return (reason === BACK_OFF || reason === 'ErrImagePull') && UNREACHABLE.test(message);
}

interface Trouble {
  readonly reason: string;
  readonly sinceMs: number;
  readonly backOffs: number;
}

/**
 * Tells containers that never start from those that the kubelet starts later. One failed pull is no proof, because the kubelet tries
 * again: only the second back-off is.
 */
export class StartWatch {
  readonly #troubles = new Map<string, Trouble>();

  /** @returns a container that never starts, if one look at all of them at `nowMs` (monotonic) shows one. */
  look(waiting: readonly WaitingContainer[], nowMs: number): WaitingContainer | undefined {
    return waiting.find((each) => this.#neverStarts(each, nowMs));
  }

  #neverStarts({ pod, container, reason }: WaitingContainer, nowMs: number): boolean {
    const key = `${pod}/${container}`;
    const before = this.#troubles.get(key);
    const isSame = before?.reason === reason;
    const now = {
      reason,
      sinceMs: isSame ? before.sinceMs : nowMs,
      backOffs: (before?.backOffs ?? 0) + (reason === BACK_OFF && !isSame ? 1 : 0),
    };
    this.#troubles.set(key, now);
    if (FINAL.has(reason)) return true;
    if (RETRIED_BY_SYNC.has(reason)) return nowMs - now.sinceMs >= SYNC_PATIENCE_MS;
    return now.backOffs >= BACK_OFFS_OF_A_FAILURE;
  }
}
