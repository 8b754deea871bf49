import type { LostPlace, LostPlaceProof, ProofRead, WriteAttempt } from '../../model/asset.ts';
import { isIndeterminateWrite, isTimeOut, summaryOf } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { arrived, notYet, WaitTimeoutError, waitFor } from '../../wait/wait.ts';
import { Connection, publishAcknowledged } from './connection.ts';
import { infoOf, type MarkerPositions } from './mirror-replica.ts';
import { recordOf } from './mirrored-access.ts';
import { type Place, probeSubject } from './names.ts';
import type { RegionPair, StoredData } from './regions.ts';

const WRITE_BUDGET_MS = 2_000;
const FOLLOW_BUDGET_MS = 30_000;

export interface LostRegionOptions {
  readonly pair: RegionPair;
  readonly places: readonly Place[];
  readonly stored: StoredData;
  readonly positions: MarkerPositions;
  readonly primary: Connection;
  readonly standby: Connection;
  readonly drillId: string;
  /** Called when the asset is read in the primary region again. */
  readonly backInCharge: () => void;
}

/** The primary region after its loss. */
export class LostRegion implements LostPlace {
  readonly description: string;
  readonly #options: LostRegionOptions;
  readonly #markersAtReturn = new Map<string, number>();

  constructor(options: LostRegionOptions) {
    this.#options = options;
    this.description = `region ${options.pair.primary.name}`;
  }

  expectedProof(): LostPlaceProof {
    const { pair, places } = this.#options;
    return {
      writes: places.flatMap((place) => [this.#directWrite(place), this.#strayWrite(place)]),
      proofs: [
        recordRead(pair),
        ...places.flatMap((place) => [this.#writableRead(place), sequenceRead(place), followedRead(place, pair)]),
      ],
    };
  }

  async groundComesBack(): Promise<void> {
    await this.#options.pair.primary.storageComesBack();
  }

  async comeBack(step: Step): Promise<string> {
    const { pair, places, stored, positions } = this.#options;
    await pair.primary.comeBack(step.signal);
    for (const place of places) this.#markersAtReturn.set(place.stream, positions.count(place));
    const how =
      stored === 'kept' ? 'with what it had stored when it was lost' : 'empty: what it had stored is destroyed';
    return `${this.description} started again ${how}`;
  }

  /** Tries a user's write at the region's own address, and checks whether writes elsewhere arrive in the region. */
  async tryWrites(step: Step): Promise<readonly WriteAttempt[]> {
    const { pair, places, drillId } = this.#options;
    await using user = new Connection(pair.primary.url, `dr-contracts ${drillId} split brain`);
    const attempts: WriteAttempt[] = [];
    for (const place of places) {
      attempts.push(await this.#tryWrite(place, user, step), await this.#strayWrites(place, step));
    }
    return attempts;
  }

  async #tryWrite(place: Place, user: Connection, step: Step): Promise<WriteAttempt> {
    const isThere = (await infoOf(place, this.#options.primary, step.signal)) !== undefined;
    const what = this.#directWrite(place);
    const made = isThere ? '' : 'the stream was not there and had to be made; ';
    try {
      const { nc, jsm } = await user.use(step.signal);
      const subject = probeSubject(place) ?? '';
      // Applications create a missing stream: an empty region that permits this becomes a second origin.
      if (!isThere) await untilAborted(jsm.streams.add({ name: place.stream, subjects: [subject] }), step.signal);
      const message = { subject, body: 'split brain', timeoutMs: WRITE_BUDGET_MS };
      const position = await publishAcknowledged(nc, message, step.signal);
      return { what, accepted: true, observed: `${made}acknowledged as sequence ${position}` };
    } catch (error) {
      step.signal.throwIfAborted();
      const unanswered = isIndeterminateWrite(error) || isTimeOut(error);
      return { what, accepted: false, ...(unanswered ? { unanswered } : {}), observed: `${made}${summaryOf(error)}` };
    }
  }

  /** Checks for stray writes: two streams with the same subjects both store messages across the leaf node connection. A mirror may grow. */
  async #strayWrites(place: Place, step: Step): Promise<WriteAttempt> {
    const { primary, positions } = this.#options;
    const before = await infoOf(place, primary, step.signal);
    const what = this.#strayWrite(place);
    if (before === undefined) return { what, accepted: false, observed: 'there is no stream' };
    if (before.config.mirror !== undefined)
      return { what, accepted: false, observed: 'it is a mirror, which must follow' };
    const elsewhere = positions.count(place);
    await waitFor(
      {
        for: `users to write to ${place.label} elsewhere`,
        budgetMs: WRITE_BUDGET_MS * 5,
        look: async () => (positions.count(place) > elsewhere + 1 ? arrived(undefined) : notYet('no write since')),
      },
      step.clock,
      step.signal,
    );
    const after = await infoOf(place, primary, step.signal);
    const grew = (after?.state.last_seq ?? 0) - before.state.last_seq;
    return { what, accepted: grew > 0, observed: grew > 0 ? `${grew} messages were stored here too` : 'none arrived' };
  }

  #directWrite(place: Place): string {
    return `publish to ${place.label} at ${this.description}`;
  }

  #strayWrite(place: Place): string {
    return `what users write elsewhere, in ${place.label} at ${this.description}`;
  }

  #writableRead(place: Place): string {
    return `${place.label} at ${this.description}`;
  }

  async proveInCharge(step: Step): Promise<readonly ProofRead[]> {
    const { pair, places, backInCharge } = this.#options;
    backInCharge();
    const record = await recordOf(pair.name);
    const proofs: ProofRead[] = [
      {
        what: recordRead(pair),
        holds: record === pair.primary.serviceRecord,
        observed: `it says ${record}`,
      },
    ];
    for (const place of places) {
      proofs.push(await this.#writable(place, step), this.#goesOn(place), await this.#followed(place, step));
    }
    return proofs;
  }

  async #writable(place: Place, step: Step): Promise<ProofRead> {
    const info = await infoOf(place, this.#options.primary, step.signal);
    const what = this.#writableRead(place);
    if (info === undefined) return { what, holds: false, observed: 'there is none' };
    const holds = info.config.mirror === undefined && (info.config.subjects?.length ?? 0) > 0;
    return { what, holds, observed: holds ? 'it takes writes' : 'it is still a mirror' };
  }

  #goesOn(place: Place): ProofRead {
    const { positions } = this.#options;
    const back = positions.firstStepBack(place, this.#markersAtReturn.get(place.stream) ?? 0);
    return {
      what: sequenceRead(place),
      holds: back === undefined,
      observed: back === undefined ? `it goes on, up to ${positions.last(place)}` : `it went back to ${back}`,
    };
  }

  async #followed(place: Place, step: Step): Promise<ProofRead> {
    const { pair, primary, standby } = this.#options;
    const what = followedRead(place, pair);
    const api = `$JS.${pair.primary.domain}.API`;
    try {
      const last = await waitFor(
        {
          for: `${what} to follow`,
          budgetMs: FOLLOW_BUDGET_MS,
          look: async (signal) => {
            const wanted = (await infoOf(place, primary, signal))?.state.last_seq ?? 0;
            const info = await infoOf(place, standby, signal);
            if (info?.config.mirror?.external?.api !== api) return notYet('it is no mirror of the other region');
            const { last_seq } = info.state;
            return last_seq >= wanted ? arrived(last_seq) : notYet(`it is at ${last_seq} of ${wanted}`);
          },
        },
        step.clock,
        step.signal,
      );
      return { what, holds: true, observed: `it follows, at sequence ${last}` };
    } catch (error) {
      if (!(error instanceof WaitTimeoutError)) throw error;
      return { what, holds: false, observed: error.lastSeen };
    }
  }
}

const recordRead = ({ name }: RegionPair): string => `the record of ${name.service}`;
const sequenceRead = (place: Place): string => `the sequence of ${place.label}`;
const followedRead = (place: Place, { standby }: RegionPair): string => `${place.label} in region ${standby.name}`;
