import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterwards } from '../../base/afterwards.ts';
import type {
  AbsenceCheck,
  AssetProof,
  Clearing,
  DestroyControl,
  Destruction,
  Fingerprint,
  Identity,
  MarkerLane,
  OpenAsset,
  OpenOptions,
  Seeded,
} from '../../model/asset.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Comparison } from '../../model/record.ts';
import { performing, type Step } from '../../model/step.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { arrived, notYet } from '../../wait/wait.ts';
import { alterPlaces } from './alter.ts';
import { retryDuringElection } from './cluster-settling.ts';
import { compareFingerprints } from './compare.ts';
import { Connection } from './connection.ts';
import { fingerprintPlaces } from './fingerprint.ts';
import { lanesOf, Positions } from './lanes.ts';
import { DRILL_MARK, type Place, SESSION_MARK } from './names.ts';
import { Absences, absenceOfServer, absenceOnServer, look, readOf, requireMark } from './presence.ts';
import { JetStreamProbe, knownMessages } from './probe.ts';
import type { ProvidedNats } from './provided.ts';
import { seedPlaces } from './seed.ts';
import type { LosableNats } from './service.ts';
import { changedLimits } from './stream-config.ts';
import { waitForInterestEverywhere } from './wait-for-interest.ts';

const CLEARING_BUDGET_MS = 30_000;
const READ_OF_PROCESS = 'process of the NATS server';

const EMPTY_SERVER = {
  what: 'Start an empty NATS server with JetStream at the address of the lost one',
  ifItFails: 'Read its log. A store folder that came back with the old server must be moved away first.',
};
const NOTHING_RESTORED_YET = {
  what: 'Check that the new server has none of the streams yet (`nats stream ls`)',
  ifItFails: 'It came up on old storage: stop it, move its store folder away and start it empty.',
};

/** The protected content of one drill. */
export interface DrillContent {
  readonly places: readonly Place[];
  /** Copies of each stream. */
  readonly replicas: number;
}

/** The streams, buckets and stores of one drill, on one server or one cluster. */
export class OpenJetStream implements OpenAsset {
  readonly lanes: readonly MarkerLane[];
  readonly probe: JetStreamProbe;
  /** Positions of the markers; a copy beside the original is compared with the same positions. */
  readonly positions: Positions;
  readonly #options: OpenOptions;
  readonly #places: readonly Place[];
  readonly #replicas: number;
  readonly #server: LosableNats;
  readonly #admin: Connection;
  readonly #connections: readonly Connection[];
  readonly #absences = new Absences();
  readonly #losesServer: boolean;
  #destroyed = false;
  #disposal: Promise<void> | undefined;

  constructor(
    options: OpenOptions,
    content: DrillContent,
    server: LosableNats,
    losesServer: boolean,
    positions = new Positions(content.places),
  ) {
    const { places, replicas } = content;
    this.positions = positions;
    const connect = (role: string) => new Connection(server.url, `dr-contracts ${options.drillId} ${role}`);
    const [admin, writer, prober] = [connect('asset'), connect('markers'), connect('probe')];
    this.#options = options;
    this.#places = places;
    this.#replicas = replicas;
    this.#server = server;
    this.#admin = admin;
    this.#connections = [prober, writer, admin];
    this.#losesServer = losesServer;
    this.lanes = lanesOf(places, writer, options.step.clock, (place, marker, sequence) =>
      positions.note(place, marker, sequence),
    );
    this.probe = new JetStreamProbe(places, prober);
  }

  environment(): Readonly<Record<string, string>> {
    return {
      NATS_URL: this.#server.url,
      ...(this.#server.urlFromPods === undefined ? {} : { NATS_URL_FROM_PODS: this.#server.urlFromPods }),
      STREAMS: this.#places.map(({ stream }) => stream).join(' '),
    };
  }

  readonly meanings = { NATS_URL: 'the NATS server to restore into', STREAMS: 'the streams to back up' };

  async settings(): Promise<Readonly<Record<string, string>>> {
    const streams = this.#places.map((place) => {
      const [storage, retention] =
        place.kind === 'stream' ? [place.content.storage, place.content.retention] : ['file', 'limits'];
      const copies = this.#replicas === 1 ? '1 replica' : `${this.#replicas} replicas`;
      const changed = changedLimits(place.content.config);
      return [
        place.label,
        `${storage} storage, ${retention} retention, ${copies}${changed === undefined ? '' : `; ${changed}`}`,
      ];
    });
    return { ...this.#server.settings, ...Object.fromEntries(streams) };
  }

  async seed(step: Step): Promise<Seeded> {
    const { target, drillId, scale } = this.#options;
    const { nc, jsm } = await this.#admin.use(step.signal);
    const mark = { [SESSION_MARK]: target.sessionId, [DRILL_MARK]: drillId };
    const seeded = await seedPlaces(this.#places, { nc, jsm, mark, drillId, scale, replicas: this.#replicas, step });
    await waitForInterestEverywhere(this.#places, this.#connections, step);
    this.probe.expect(await knownMessages(this.#places, jsm, step));
    return seeded;
  }

  expectedProof(): AssetProof {
    const server = isProvided(this.#server) ? this.#server.absenceReads() : [READ_OF_PROCESS];
    return { absence: [...(this.#losesServer ? server : []), ...this.#places.map(readOf)] };
  }

  async fingerprint(step: Step): Promise<Fingerprint> {
    const path = join(step.scratchDir, `nats-${this.#options.drillId}.expected-${randomUUID()}.tsv`);
    return this.positions.announcedIn(await this.#fingerprint(path, step));
  }

  async alter(step: Step): Promise<readonly string[]> {
    const { nc, jsm } = await this.#admin.use(step.signal);
    const { drillId } = this.#options;
    return await alterPlaces(this.#places, { nc, jsm, known: this.probe.expected, drillId, step });
  }

  async compare(expected: Fingerprint, step: Step): Promise<Comparison> {
    const path = join(step.scratchDir, `nats-${this.#options.drillId}.observed-${randomUUID()}.tsv`);
    await using _removal = afterwards(() => rm(path, { force: true }));
    const observed = await this.#fingerprint(path, step);
    const comparison = await compareFingerprints(expected, observed, this.#places, step);
    const { nc } = await this.#admin.use(step.signal);
    return await this.positions.addedTo(comparison, nc, step);
  }

  async #fingerprint(path: string, step: Step): Promise<Fingerprint> {
    const { nc } = await this.#admin.use(step.signal);
    return await fingerprintPlaces(nc, this.#places, path, step);
  }

  async identify(step: Step): Promise<readonly Identity[]> {
    const identities: Identity[] = [];
    for (const place of this.#places) {
      const sight = await look(place, this.#admin, step.signal);
      if (sight.kind === 'there') identities.push(this.#absences.identityOf(place, sight.info));
      if (sight.kind === 'refused' || sight.kind === 'unclear') throw new Error(`${place.label}: ${sight.observed}`);
    }
    if (this.#losesServer) {
      const { nc } = await this.#admin.use(step.signal);
      identities.push({ what: 'server id', value: nc.info?.server_id ?? 'unknown' });
    }
    return identities;
  }

  async destroy(step: Step, _control: DestroyControl): Promise<Destruction> {
    if (this.#losesServer) return { exercised: await this.#server.lose() };
    const { jsm } = await this.#admin.use(step.signal);
    const present = await this.#present(step.signal);
    for (const place of present) await untilAborted(jsm.streams.delete(place.stream), step.signal);
    this.#destroyed = true;
    const names = present.map(({ stream }) => stream).join(', ');
    return { exercised: `STREAM.DELETE of ${names}, with their consumers; the server and its storage stayed` };
  }

  /** Returns the existing places, each with this session's mark. @throws {ExplainedError} for one without it. */
  async #present(signal: AbortSignal): Promise<Place[]> {
    const present: Place[] = [];
    for (const place of this.#places) {
      const sight = await look(place, this.#admin, signal);
      if (sight.kind === 'refused' || sight.kind === 'unclear') throw new Error(`${place.label}: ${sight.observed}`);
      if (sight.kind !== 'there') continue;
      // A restored stream may lack the mark, and no other stream has its name.
      if (!this.#destroyed) requireMark(place, sight.info, this.#options.target.sessionId);
      present.push(place);
    }
    return present;
  }

  async proveGone(step: Step): Promise<readonly AbsenceCheck[]> {
    const checks: AbsenceCheck[] = [];
    const provided = isProvided(this.#server) ? this.#server : undefined;
    if (this.#losesServer && provided !== undefined) checks.push(...(await provided.absence(step.signal)));
    else if (this.#losesServer) {
      const alive = await this.#server.isAlive();
      checks.push({
        what: READ_OF_PROCESS,
        gone: !alive,
        observed: alive ? 'it is running' : 'it is gone',
      });
    }
    for (const place of this.#places) {
      const sight = await look(place, this.#admin, step.signal);
      this.#absences.note(place, sight);
      // The provider has shown above that the server is gone; a proxy at its address may still accept connections.
      const proved =
        provided !== undefined && sight.kind === 'unclear' ? { ...sight, kind: 'refused' as const } : sight;
      checks.push(this.#losesServer ? absenceOfServer(place, proved) : absenceOnServer(place, sight));
    }
    return checks;
  }

  async provision(step: Step): Promise<void> {
    if (!this.#losesServer) return;
    step.progress('starting an empty NATS server');
    await performing(step, EMPTY_SERVER, async () => await this.#server.replace(step.signal));
    await performing(step, NOTHING_RESTORED_YET, () => this.#requireEmpty(step));
  }

  /** Repeats the loss: a restore may rely on an empty server where production would have one. */
  readonly clearing: Clearing = {
    clear: async (step) => {
      if (this.#losesServer) {
        await this.#server.lose();
        await this.#server.replace(step.signal);
        await this.#requireEmpty(step);
        return;
      }
      for (const place of this.#places) await this.#removeRestored(place, step);
    },
    proveGone: async ({ signal }) => {
      const checks: AbsenceCheck[] = [];
      for (const place of this.#places) {
        const sight = await look(place, this.#admin, signal);
        this.#absences.note(place, sight);
        checks.push(absenceOnServer(place, sight));
      }
      return checks;
    },
  };

  /**
   * Removes a restored stream. It may lack the mark, but only this drill's streams have its id in their name. A cluster may elect leaders
   * meanwhile, so the request is repeated until the answer is that the stream does not exist.
   */
  async #removeRestored(place: Place, step: Step): Promise<void> {
    const lookOnce = async (signal: AbortSignal) => {
      const sight = await look(place, this.#admin, signal);
      if (sight.kind === 'not-found') return arrived(undefined);
      if (sight.kind !== 'there') return notYet(sight.observed);
      const { jsm } = await this.#admin.use(signal);
      await untilAborted(jsm.streams.delete(place.stream), signal);
      return notYet('it was deleted a moment ago');
    };
    const wait = { for: `${place.label} to be gone`, budgetMs: CLEARING_BUDGET_MS, look: lookOnce };
    await retryDuringElection(wait, step);
  }

  async #requireEmpty(step: Step): Promise<void> {
    for (const place of this.#places) {
      const sight = await look(place, this.#admin, step.signal);
      this.#absences.note(place, sight);
      if (sight.kind === 'not-found') continue;
      throw new ExplainedError({
        thing: `the NATS server that replaces the lost one at ${this.#server.url}`,
        expected: `no ${place.label} before anything is restored`,
        observed: sight.kind === 'there' ? 'it has one' : sight.observed,
        nextStep: 'The storage of the lost server came back, so the disaster destroyed nothing.',
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    await this.#disposal;
  }

  /** Disposes of everything, and throws all failures together. */
  async #dispose(): Promise<void> {
    const failures: unknown[] = [];
    const attempt = async (work: () => PromiseLike<unknown>) => {
      try {
        await work();
      } catch (error) {
        failures.push(error);
      }
    };
    for (const connection of this.#connections) await attempt(() => connection[Symbol.asyncDispose]());
    await attempt(() => this.#server[Symbol.asyncDispose]());
    if (failures.length > 0) throw new AggregateError(failures, `cleaning up JetStream after ${this.#options.drillId}`);
  }
}

function isProvided(server: LosableNats): server is ProvidedNats {
  return 'absence' in server;
}
