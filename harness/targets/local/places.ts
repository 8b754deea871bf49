import type { Activities } from '../../base/activities.ts';
import type { Scope } from '../../base/scope.ts';
import type { Clock } from '../../clock/clock.ts';
import type { Capability } from '../../model/service.ts';
import type { Toolchain } from '../../model/tools.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { backupPrefix } from '../backup-bucket.ts';
import type { TargetHandle } from '../handle.ts';
import type { Session } from '../session.ts';
import type { SharedPlaces } from '../shared-places.ts';
import { type ClusterOptions, startCluster } from './cluster.ts';
import { obtainEnforcingProgram } from './enforcing-store.ts';
import { startNats } from './nats.ts';
import type { LocalContext } from './program.ts';
import { startS3 } from './s3.ts';
import { startSeaweedfs } from './seaweedfs.ts';
import { SYNC_SETTING, startVelero, VELERO_NAMESPACE, veleroDefinitions } from './velero.ts';

/** A capability that the local target has. */
export type LocalPart = Capability;

export interface PlacesOptions {
  readonly session: Session;
  readonly clock: Clock;
  readonly activities: Activities;
  /** Owns what is started. */
  readonly scope: Scope;
  /** The programs of those parts, once they are there. */
  readonly programs: (parts: readonly Capability[]) => Promise<Toolchain>;
  readonly onReady: (part: LocalPart) => void;
  readonly progress: (message: string) => void;
  /** Serves S3 by SeaweedFS instead of LocalStack: the path of `weed`. */
  readonly seaweedfs: string | undefined;
  readonly ports: { readonly nats?: number; readonly s3?: number; readonly kubernetes?: number };
}

export type Places = TargetHandle['places'];

/** For a download of 46 MB. */
const OBTAIN_BUDGET_MS = 600_000;

type AnswerableApi = Parameters<NonNullable<ClusterOptions['onApi']>>[0];

/** The shared places of a local target. Each part starts when somebody first asks for it and its programs are there, and once. */
export class LocalPlaces {
  readonly #options: PlacesOptions;
  readonly #api = Promise.withResolvers<AnswerableApi>();
  readonly #s3: () => Promise<SharedPlaces['s3']>;
  readonly #nats: () => Promise<SharedPlaces['nats']>;
  readonly #kubernetes: () => Promise<SharedPlaces['kubernetes']>;
  readonly #velero: () => Promise<void>;
  readonly #enforcing: () => Promise<SharedPlaces['enforced-access']>;

  constructor(options: PlacesOptions) {
    this.#options = options;
    const { ports, seaweedfs, session } = options;
    this.#s3 = once(async () => {
      const { place } = await this.#start('s3', (context, signal) =>
        seaweedfs === undefined
          ? startS3(context, signal, ports.s3)
          : startSeaweedfs(seaweedfs, context, signal, { port: ports.s3 }),
      );
      return { ...place };
    });
    this.#nats = once(async () => {
      const options = ports.nats === undefined ? {} : { port: ports.nats };
      const { url, settings } = await this.#start('nats', (context, signal) =>
        startNats('shared', context, signal, options),
      );
      return { url, settings: { ...settings } };
    });
    this.#kubernetes = once(async () => {
      const cluster = { label: 'shared', s3: undefined, port: ports.kubernetes, onApi: this.#api.resolve };
      const { kubeconfigPath, settings } = await this.#start('kubernetes', (context, signal) =>
        startCluster(cluster, context, signal),
      );
      return {
        kubeconfigPath,
        veleroNamespace: VELERO_NAMESPACE,
        backupPrefix: backupPrefix(session.id, 'shared'),
        settings: { ...settings },
      };
    });
    this.#velero = once(async () => {
      await this.#start('velero', (context, signal) => this.#startVelero(context, signal));
    });
    this.#enforcing = once(async () => {
      const { clock, scope, activities, onReady, progress } = options;
      return await scope.run('enforced-access', OBTAIN_BUDGET_MS, async (signal) => {
        const found = await activities.time('starting', 'enforced-access', () =>
          obtainEnforcingProgram({ clock, signal, progress }),
        );
        onReady('enforced-access');
        return found;
      });
    });
  }

  /**
   * Starts those parts side by side, as far as nobody has yet, and waits for them.
   * @throws the first failure; the other parts go on.
   */
  async of(parts: ReadonlySet<LocalPart>): Promise<Places> {
    const [s3, nats, kubernetes, , enforcing] = await Promise.all([
      parts.has('s3') ? this.#s3() : undefined,
      parts.has('nats') ? this.#nats() : undefined,
      parts.has('kubernetes') ? this.#kubernetes() : undefined,
      parts.has('velero') ? this.#velero() : undefined,
      parts.has('enforced-access') ? this.#enforcing() : undefined,
    ]);
    return {
      ...(s3 === undefined ? {} : { s3 }),
      ...(nats === undefined ? {} : { nats }),
      ...(kubernetes === undefined ? {} : { kubernetes }),
      ...(parts.has('velero') ? { velero: { settings: { ...SYNC_SETTING } } } : {}),
      ...(enforcing === undefined ? {} : { 'enforced-access': enforcing }),
    };
  }

  async #start<Started extends AsyncDisposable>(
    part: LocalPart,
    start: (context: LocalContext, signal: AbortSignal) => Promise<Started>,
  ): Promise<Started> {
    const { session, clock, scope, programs, activities, onReady } = this.#options;
    return await scope.open(part, async (signal) => {
      const toolchain = await untilAborted(programs([part]), signal);
      const context: LocalContext = { session, clock, tool: (name) => toolchain.path(name) };
      const started = await activities.time('starting', part, () => start(context, signal));
      onReady(part);
      return started;
    });
  }

  /** Beside the controllers of the cluster: it needs the API alone. */
  async #startVelero(context: LocalContext, signal: AbortSignal) {
    const [definitions, s3, api] = await untilAborted(
      Promise.all([veleroDefinitions(context, signal), this.#s3(), this.#answeringApi()]),
      signal,
    );
    const prefix = backupPrefix(this.#options.session.id, 'shared');
    return await startVelero({ label: 'shared', ...api, s3, prefix, definitions }, context, signal);
  }

  async #answeringApi(): Promise<AnswerableApi> {
    return await Promise.race([this.#api.promise, this.#kubernetes().then(() => this.#api.promise)]);
  }
}

/** Begins the work at the first call; every call gets its outcome. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined;
  return () => {
    begun ??= work();
    return begun;
  };
}
