import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterwards } from '../../base/afterwards.ts';
import { Scope } from '../../base/scope.ts';
import type {
  AbsenceCheck,
  AssetProbe,
  AssetProof,
  Destruction,
  Fingerprint,
  Identity,
  MarkerLane,
  OpenAsset,
  OpenOptions,
  Seeded,
} from '../../model/asset.ts';
import type { Comparison } from '../../model/record.ts';
import type { Step } from '../../model/step.ts';
import { compareFingerprints } from './compare.ts';
import { Connection } from './connection.ts';
import { fingerprintPlaces } from './fingerprint.ts';
import { LostRegion } from './lost-region.ts';
import { infoOf, MarkerPositions, MirrorReplica } from './mirror-replica.ts';
import { lanesByName, meaningsOfRegions, probeByName, resolveService, variablesOfRegions } from './mirrored-access.ts';
import { DRILL_MARK, type Place, SESSION_MARK } from './names.ts';
import { absenceOfServer, look, readOf } from './presence.ts';
import { JetStreamProbe, knownMessages } from './probe.ts';
import type { Region, RegionPair, StoredData } from './regions.ts';
import { seedPlaces } from './seed.ts';

const serversOf = ({ name }: Region): string => `servers of region ${name}`;
const storageOf = ({ name, bucket }: Region): string => `S3 of region ${name} with bucket ${bucket}`;
const storedIn = ({ name }: Region): string => `what region ${name} had stored`;
const byTheName = (read: string): string => `${read} by the name`;

/** The streams of one drill in two regions. Writes use the name; reads and checks use the region in charge. */
export class OpenMirroredStreams implements OpenAsset {
  readonly lanes: readonly MarkerLane[];
  readonly probe: AssetProbe;
  readonly replica: MirrorReplica;
  readonly lostPlace: LostRegion;
  readonly meanings = meaningsOfRegions;
  readonly #options: OpenOptions;
  readonly #places: readonly Place[];
  readonly #pair: RegionPair;
  readonly #stored: StoredData;
  readonly #probe: JetStreamProbe;
  readonly #primary: Connection;
  readonly #standby: Connection;
  readonly #users: Connection;
  readonly #cleanup: Scope;
  #inCharge: 'primary' | 'standby' = 'primary';

  /** @param stored whether the primary region's stored data survives the disaster. */
  constructor(options: OpenOptions, places: readonly Place[], pair: RegionPair, stored: StoredData) {
    const { drillId, step } = options;
    const named = (role: string) => `dr-contracts ${drillId} ${role}`;
    const { operatorUser: user, operatorPassword: pass } = pair.credentials;
    const operator = ({ url, name }: Region) =>
      new Connection(async () => ({ servers: url, user, pass }), named(`operator ${name}`));
    const byName = (role: string) => new Connection(() => resolveService(pair.name), named(role));
    this.#options = options;
    this.#places = places;
    this.#stored = stored;
    this.#cleanup = new Scope({ what: `mirrored streams of ${drillId}`, clock: step.clock });
    this.#pair = this.#cleanup.own('pair of regions', pair);
    this.#primary = this.#cleanup.own('connection to the primary region', operator(pair.primary));
    this.#standby = this.#cleanup.own('connection to the standby region', operator(pair.standby));
    this.#users = this.#cleanup.own('connection of the markers', byName('markers'));
    const prober = this.#cleanup.own('connection of the probe', byName('probe'));
    const positions = new MarkerPositions();
    this.lanes = lanesByName(
      places,
      this.#users,
      () => this.#authority,
      step.clock,
      (place, marker, position) => positions.note(place, marker, position),
    );
    this.#probe = new JetStreamProbe(places, prober);
    this.probe = probeByName(this.#probe, prober);
    const connections = { primary: this.#primary, standby: this.#standby };
    this.replica = new MirrorReplica(`region ${pair.standby.name}`, places, positions, connections);
    const backInCharge = () => {
      this.#inCharge = 'primary';
    };
    this.lostPlace = new LostRegion({ pair, places, stored, positions, ...connections, drillId, backInCharge });
  }

  /** The operator's way into the region in charge. */
  get #authority(): Connection {
    return this.#inCharge === 'primary' ? this.#primary : this.#standby;
  }

  environment(): Readonly<Record<string, string>> {
    return { STREAMS: this.#places.map(({ stream }) => stream).join(' '), ...variablesOfRegions(this.#pair) };
  }

  async settings(): Promise<Readonly<Record<string, string>>> {
    return { ...this.#pair.settings, 'not exercised': this.#pair.notExercised.join('; ') };
  }

  async seed(step: Step): Promise<Seeded> {
    const { target, drillId, scale } = this.#options;
    const { nc, jsm } = await this.#primary.use(step.signal);
    const mark = { [SESSION_MARK]: target.sessionId, [DRILL_MARK]: drillId };
    const seeded = await seedPlaces(this.#places, { nc, jsm, mark, drillId, scale, replicas: 1, step });
    this.#probe.expect(await knownMessages(this.#places, jsm, step));
    return seeded;
  }

  expectedProof(): AssetProof {
    const { primary } = this.#pair;
    return {
      absence: [
        serversOf(primary),
        storageOf(primary),
        ...(this.#stored === 'kept' ? [] : [storedIn(primary)]),
        ...this.#places.flatMap((place) => [readOf(place), byTheName(readOf(place))]),
      ],
    };
  }

  async fingerprint(step: Step): Promise<Fingerprint> {
    return await this.#fingerprint(join(step.scratchDir, `nats-${this.#options.drillId}.expected.tsv`), step);
  }

  async compare(expected: Fingerprint, step: Step): Promise<Comparison> {
    const path = join(step.scratchDir, `nats-${this.#options.drillId}.observed-${randomUUID()}.tsv`);
    await using _removal = afterwards(() => rm(path, { force: true }));
    const comparison = await compareFingerprints(expected, await this.#fingerprint(path, step), this.#places, step);
    // A remaining mirror differs in every configuration field for writing. That it is a mirror explains this.
    const firstDifferences = [...(await this.#stillMirrors(step)), ...comparison.firstDifferences];
    return { ...comparison, firstDifferences };
  }

  async #stillMirrors(step: Step): Promise<Comparison['firstDifferences']> {
    const found: Comparison['firstDifferences'] = [];
    for (const place of this.#places) {
      const origin = (await infoOf(place, this.#authority, step.signal))?.config.mirror;
      if (origin === undefined) continue;
      const observed = `still a mirror of ${origin.external?.api ?? origin.name}, which was not promoted`;
      found.push({ item: place.label, field: 'role', expected: 'a stream that takes writes', observed });
    }
    return found;
  }

  async #fingerprint(path: string, step: Step): Promise<Fingerprint> {
    const { nc } = await this.#authority.use(step.signal);
    return await fingerprintPlaces(nc, this.#places, path, step);
  }

  /** Returns the server of each stream, read without the name. After the failover it is another one. */
  async identify(step: Step): Promise<readonly Identity[]> {
    const { nc } = await this.#authority.use(step.signal);
    const server = `${nc.info?.server_name ?? 'unknown'} (${nc.info?.server_id ?? 'unknown'})`;
    const identities: Identity[] = [];
    for (const place of this.#places) {
      const info = await infoOf(place, this.#authority, step.signal);
      if (info !== undefined) identities.push({ what: `${place.label}: server that holds it`, value: server });
    }
    return identities;
  }

  async destroy(): Promise<Destruction> {
    const exercised = await this.#pair.primary.fail(this.#stored);
    this.#inCharge = 'standby';
    return { exercised };
  }

  async proveGone(step: Step): Promise<readonly AbsenceCheck[]> {
    const { primary } = this.#pair;
    const alive = await primary.isAlive();
    const checks: AbsenceCheck[] = [
      { what: serversOf(primary), gone: !alive, observed: alive ? 'running' : 'none is running' },
    ];
    checks.push(...(await this.#proveStorageGone(step)));
    for (const place of this.#places) {
      checks.push(absenceOfServer(place, await look(place, this.#primary, step.signal)));
      const byName = absenceOfServer(place, await look(place, this.#users, step.signal));
      checks.push({ ...byName, what: byTheName(byName.what) });
    }
    return checks;
  }

  async #proveStorageGone({ signal }: Step): Promise<readonly AbsenceCheck[]> {
    const { primary } = this.#pair;
    const answers = await primary.doesStorageAnswer(signal);
    const checks = [
      {
        what: storageOf(primary),
        gone: !answers,
        observed: answers ? 'it answers' : 'nothing answers',
      },
    ];
    if (this.#stored === 'kept') return checks;
    const left = await primary.whatIsStored(signal);
    const what = storedIn(primary);
    return [...checks, { what, gone: left === undefined, observed: left ?? 'nothing is left' }];
  }

  /** The standby region already exists. */
  async provision(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup[Symbol.asyncDispose]();
  }
}
