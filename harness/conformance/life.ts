import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scope } from '../base/scope.ts';
import { systemClock } from '../clock/clock.ts';
import { addVariablesOfAsset, tellingCredentials } from '../drill/credentials.ts';
import { markerBody } from '../drill/journal.ts';
import type {
  AssetKind,
  Disaster,
  Fingerprint,
  MarkerLane,
  ObservedMarker,
  OpenAsset,
  Seeded,
} from '../model/asset.ts';
import { ExplainedError } from '../model/errors.ts';
import type { ProcedureContext } from '../model/procedure.ts';
import type { Comparison } from '../model/record.ts';
import { Secrets } from '../model/secrets.ts';
import type { PerformedStep, Step } from '../model/step.ts';
import type { Target } from '../model/target.ts';
import { PlacesOut } from './places-out.ts';

export interface LifeOptions {
  readonly kind: AssetKind;
  readonly disaster: Disaster;
  readonly target: Target;
  /** A new id when left out. */
  readonly drillId?: string;
}

/** Expected and observed behaviour of an asset, and the member that its author should check. */
export interface Fault {
  /** The member of the interface, e.g. `compare()`. */
  readonly member: string;
  readonly expected: string;
  readonly observed: string;
  readonly nextStep: string;
}

/** One asset from `open` to its disposal, with the findings of the checks so far. */
export class Life implements AsyncDisposable {
  readonly drillId: string;
  readonly kind: AssetKind;
  readonly disaster: Disaster;
  /** Reported recovery steps, for the runbook. */
  readonly performed: PerformedStep[] = [];
  /** Acknowledged markers, by lane. */
  readonly acknowledged = new Map<string, ObservedMarker[]>();
  /** Places that the asset has not given back. */
  readonly places: PlacesOut;
  readonly #target: Target;
  readonly #secrets: Secrets;
  readonly #scratchDir: string;
  readonly #scope: Scope;
  #asset: OpenAsset | undefined;
  #seeded: { readonly seeded: Seeded; readonly content: Fingerprint } | undefined;

  static async begin(options: LifeOptions): Promise<Life> {
    const secrets = new Secrets();
    const places = new PlacesOut();
    const target = places.watched(await tellingCredentials(options.target, secrets));
    return new Life({ ...options, target }, places, secrets, await mkdtemp(join(tmpdir(), 'dr-conformance-')));
  }

  private constructor(
    { kind, disaster, target, drillId }: LifeOptions,
    places: PlacesOut,
    secrets: Secrets,
    scratchDir: string,
  ) {
    this.places = places;
    this.kind = kind;
    this.disaster = disaster;
    this.drillId = drillId ?? `c${randomBytes(4).toString('hex')}`;
    this.#secrets = secrets;
    this.#target = target;
    this.#scratchDir = scratchDir;
    this.#scope = new Scope({ what: `conformance of ${kind.system}`, clock: systemClock });
    this.#scope.defer('scratch folder', () => rm(scratchDir, { recursive: true, force: true }));
  }

  step(signal: AbortSignal): Step {
    return {
      clock: systemClock,
      signal,
      scratchDir: this.#scratchDir,
      secrets: this.#secrets,
      progress: () => undefined,
      performed: (step) => {
        this.performed.push(step);
      },
    };
  }

  /** Returns the input of a procedure. */
  context(signal: AbortSignal): ProcedureContext {
    const { asset } = this;
    const environment = asset.environment();
    addVariablesOfAsset(asset, environment, this.#secrets);
    return {
      target: this.#target,
      drillId: this.drillId,
      environment,
      meanings: asset.meanings ?? {},
      step: this.step(signal),
      ...(asset.replica === undefined ? {} : { replica: asset.replica }),
    };
  }

  async open(signal: AbortSignal): Promise<OpenAsset> {
    const { kind, disaster, drillId } = this;
    const options = { target: this.#target, drillId, disaster: disaster.name, scale: 1, step: this.step(signal) };
    this.#asset = await this.#scope.open('asset', () => kind.open(options));
    return this.#asset;
  }

  async openSeeded(signal: AbortSignal): Promise<Fingerprint> {
    const asset = this.#asset ?? (await this.open(signal));
    const seeded = await asset.seed(this.step(signal));
    const content = await asset.fingerprint(this.step(signal));
    this.#seeded = { seeded, content };
    return content;
  }

  get asset(): OpenAsset {
    return this.#asset ?? notReached('the asset was not opened');
  }

  get seeded(): Seeded {
    return (this.#seeded ?? notReached('the asset was not seeded')).seeded;
  }

  get content(): Fingerprint {
    return (this.#seeded ?? notReached('the asset was not seeded')).content;
  }

  /** Writes one marker as a drill does, and records it once it is acknowledged. */
  async mark(lane: MarkerLane, sequence: number, signal: AbortSignal): Promise<void> {
    const body = markerBody(this.drillId, lane.name, sequence);
    await lane.write(sequence, body, signal);
    const known = this.acknowledged.get(lane.name) ?? [];
    known.push({ sequence, body });
    this.acknowledged.set(lane.name, known);
  }

  compare(signal: AbortSignal, expected = this.content): Promise<Comparison> {
    return this.asset.compare(expected, this.step(signal));
  }

  /** Returns the error for an asset that breaks its interface. */
  fault({ member, ...fault }: Fault): ExplainedError {
    return new ExplainedError({ thing: `${this.kind.system}, ${this.disaster.name}: ${member}`, ...fault });
  }

  /** Disposes of the asset. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]();
  }
}

function notReached(what: string): never {
  throw new Error(`This was not checked, because ${what}. See the first test that failed.`);
}

/** Returns the total counts of a comparison. */
export function totalsOf({ items }: Comparison) {
  const total = (of: (counts: Comparison['items'][number]) => number) =>
    items.reduce((sum, counts) => sum + of(counts), 0);
  return {
    expected: total(({ expected }) => expected),
    matched: total(({ matched }) => matched),
    missing: total(({ missing }) => missing),
    extra: total(({ extra }) => extra),
    differing: total(({ differing }) => differing),
  };
}

/** Describes the differences for a message: `1 missing (file a: presence, expected there, observed absent)`. */
export function differencesOf(comparison: Comparison): string {
  const { missing, extra, differing } = totalsOf(comparison);
  const [first] = comparison.firstDifferences;
  const example =
    first === undefined
      ? ''
      : ` (first: ${first.item}, ${first.field}: expected ${first.expected}, observed ${first.observed})`;
  return `${missing} missing, ${extra} extra and ${differing} differing${example}`;
}

export const isEqual = (comparison: Comparison): boolean => {
  const { missing, extra, differing } = totalsOf(comparison);
  return missing + extra + differing === 0;
};
