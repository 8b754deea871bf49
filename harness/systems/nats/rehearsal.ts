import { createHash } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  AbsenceCheck,
  AssetProbe,
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
import type { Assurance, Comparison } from '../../model/record.ts';
import type { Step } from '../../model/step.ts';
import { counted } from '../../model/text.ts';
import { machineControl } from '../../process/machine-control.ts';
import { Vigil } from '../../wait/vigil.ts';
import { type DrillContent, OpenJetStream } from './open.ts';
import type { LosableNats } from './service.ts';

const VIGIL_INTERVAL_MS = 50;
const VIGIL_BUDGET_MS = 2_000;
const LIVING_ORIGINAL = { promise: 'untouched', what: 'the living original' } as const;

/** Content and identity of the original at one moment: two equal inventories mean no change in between. */
interface Inventory {
  readonly content: Fingerprint;
  readonly identities: readonly Identity[];
  readonly markers: ReadonlyMap<string, string>;
}

/**
 * A restore beside the running original. The same streams exist on two servers: the original one for users, and a staging
 * server of the drill. Before the restore, the staging place must be empty; after it, the new streams must be on
 * the staging server. The original must stay the same, including markers, from the last write on.
 */
export class RehearsedJetStream implements OpenAsset {
  readonly lanes: readonly MarkerLane[];
  readonly probe: AssetProbe;
  /** Clears only the staging server. */
  readonly clearing: Clearing;
  readonly meanings = {
    NATS_URL: 'the NATS server of the staging environment, which must not hold the streams; never the living one',
    STREAMS: 'the streams to back up',
  };
  readonly #original: OpenJetStream;
  readonly #staging: OpenJetStream;
  readonly #options: OpenOptions;
  readonly #stagedIn: string;
  #rehearsing = false;
  #before: Inventory | undefined;
  #vigil: Vigil | undefined;

  /** @param stagedIn description of the staging server if it is not the target's. */
  constructor(
    options: OpenOptions,
    content: DrillContent,
    original: LosableNats,
    staging: LosableNats,
    stagedIn = 'a second, empty NATS server',
  ) {
    this.#options = options;
    this.#stagedIn = stagedIn;
    this.#original = new OpenJetStream(options, content, original, false);
    this.#staging = new OpenJetStream(options, content, staging, false, this.#original.positions);
    this.clearing = this.#staging.clearing;
    this.lanes = this.#original.lanes.map((lane) => ({
      name: lane.name,
      write: (sequence, body, signal) => lane.write(sequence, body, signal),
      read: (signal) => this.#sameLane(lane).read(signal),
    }));
    const users = () => (this.#rehearsing ? this.#staging.probe : this.#original.probe);
    const { reads, writes } = this.#original.probe;
    this.probe = {
      reads,
      writes,
      read: (signal) => users().read(signal),
      write: (signal) => users().write(signal),
    };
  }

  /** Returns the variables of scripts. The backup reads the original; during the rehearsal, `NATS_URL` is the staging server. */
  environment(): Readonly<Record<string, string>> {
    return this.#rehearsing ? this.#staging.environment() : this.#original.environment();
  }

  settings(): Promise<Readonly<Record<string, string>>> {
    return this.#original.settings();
  }

  async seed(step: Step): Promise<Seeded> {
    const seeded = await this.#original.seed(step);
    this.#staging.probe.expect(this.#original.probe.expected);
    return seeded;
  }

  expectedProof(): AssetProof {
    return { ...this.#staging.expectedProof(), assurances: [LIVING_ORIGINAL] };
  }

  fingerprint(step: Step): Promise<Fingerprint> {
    return this.#original.fingerprint(step);
  }

  alter(step: Step): Promise<readonly string[]> {
    return this.#original.alter(step);
  }

  identify(step: Step): Promise<readonly Identity[]> {
    return this.#rehearsing ? this.#staging.identify(step) : this.#original.identify(step);
  }

  async destroy(step: Step, control: DestroyControl): Promise<Destruction> {
    await control.cutOff();
    this.#rehearsing = true;
    this.#before = await this.#inventory(step);
    this.#vigil = new Vigil({
      ask: (signal) => this.#original.probe.read(signal),
      clock: step.clock,
      intervalMs: VIGIL_INTERVAL_MS,
      attemptBudgetMs: VIGIL_BUDGET_MS,
      controls: [machineControl(step.scratchDir)],
    });
    return { exercised: `nothing was destroyed: a rehearsal on ${this.#stagedIn}; the original lives on` };
  }

  /** Proves that the staging server is empty: a restore onto existing content would prove nothing. */
  proveGone(step: Step): Promise<readonly AbsenceCheck[]> {
    return this.#staging.proveGone(step);
  }

  /** The staging server has existed since the drill began, like a staging environment. */
  async provision(): Promise<void> {}

  compare(expected: Fingerprint, step: Step): Promise<Comparison> {
    return (this.#rehearsing ? this.#staging : this.#original).compare(expected, step);
  }

  async assurances(step: Step): Promise<readonly Assurance[]> {
    const [before, vigil] = [this.#before, this.#vigil];
    if (before === undefined || vigil === undefined) return [];
    const { attempts, failures, firstFailure, record } = await vigil.stop();
    const now = await this.#inventory(step);
    const same = (what: string, then: string, today: string | undefined) => ({
      what,
      held: then === today,
      observed: then === today ? `unchanged: ${then}` : `was ${then}, is ${today ?? 'not there'}`,
    });
    const after = new Map(now.identities.map(({ what, value }) => [what, value]));
    const observed = [
      same('seeded content', shown(before.content), shown(now.content)),
      ...[...before.markers].map(([lane, digest]) => same(`markers in ${lane}`, digest, now.markers.get(lane))),
      ...before.identities.map(({ what, value }) => same(what, value, after.get(what))),
      {
        what: 'reads by its users all through the rehearsal',
        held: failures === 0 && attempts > 0,
        observed: `${failures} of ${attempts} failed${firstFailure === undefined ? '' : `, first: ${firstFailure}`}`,
        ...(record === undefined ? {} : { attempts: record }),
      },
    ];
    const failed = observed.filter(({ held }) => !held);
    return [
      {
        ...LIVING_ORIGINAL,
        checked: observed.length,
        failed: failed.length,
        observed: [...failed, ...observed.filter(({ held }) => held)],
      },
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const outcomes = await Promise.allSettled([
      this.#vigil?.stop(),
      this.#original[Symbol.asyncDispose](),
      this.#staging[Symbol.asyncDispose](),
    ]);
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    if (failures.length > 0)
      throw new AggregateError(failures, `cleaning up the rehearsal of ${this.#options.drillId}`);
  }

  async #inventory(step: Step): Promise<Inventory> {
    // A separate folder: the fingerprint for the comparison with the restore has the same file name.
    const scratchDir = await mkdtemp(join(step.scratchDir, 'original-'));
    const content = await this.#original.fingerprint({ ...step, scratchDir });
    const identities = await this.#original.identify(step);
    const markers = new Map<string, string>();
    for (const lane of this.#original.lanes) {
      const hash = createHash('sha256');
      let count = 0;
      for await (const { sequence, body } of lane.read(step.signal)) {
        hash.update(`${sequence}\0${body}\n`);
        count += 1;
      }
      markers.set(lane.name, `${counted(count, 'marker')}, sha256:${hash.digest('hex')}`);
    }
    return { content, identities, markers };
  }

  #sameLane(lane: MarkerLane): MarkerLane {
    if (!this.#rehearsing) return lane;
    return this.#staging.lanes.find(({ name }) => name === lane.name) ?? lane;
  }
}

const shown = ({ items, digest }: Fingerprint): string => `${items} items, ${digest}`;
