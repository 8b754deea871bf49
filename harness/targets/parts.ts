import type { Activities } from '../base/activities.ts';
import type { Scope } from '../base/scope.ts';
import type { Capability } from '../model/service.ts';
import type { Toolchain, ToolName } from '../model/target.ts';
import { providerOf } from '../registered/providers.ts';
import { untilAborted } from '../wait/until-aborted.ts';
import { isSharedPart, type SharedPart, type SharedPlaces } from './shared-places.ts';

/** Context of a part's start. */
export interface PartStart {
  readonly signal: AbortSignal;
  /** Returns the path of a program. @throws {ExplainedError} for one that the part does not name. */
  tool(name: ToolName): string;
  /**
   * Returns the place of a part that this part's provider names in `needs`. That part starts at the same time, so this one may do its other
   * work first.
   * @throws the reason why that part is not available.
   */
  needed<Name extends SharedPart>(name: Name): Promise<SharedPlaces[Name]>;
  /**
   * Returns the place of a part that this part uses where another caller needs it; undefined where no caller needs it, or where it is not
   * available. The caller that needs it gets the reason.
   */
  ifWanted<Name extends SharedPart>(name: Name): Promise<SharedPlaces[Name] | undefined>;
  /** Reports that a piece of this part is ready, or a part that comes with it. */
  ready(piece: string): void;
}

export interface StartedPart<Place> {
  readonly place: Place;
  /** Ends it. Left out where the runtime ends whatever belongs to the session. */
  readonly end?: () => PromiseLike<void>;
}

/** A runtime's way to start a shared part. */
export interface Part<Place> {
  /** Time limit of a part that is only obtained and runs nothing. */
  readonly budgetMs?: number;
  start(start: PartStart): Promise<StartedPart<Place>>;
}

/** Parts start, and are registered for the teardown, in this order; a part's needs come before it. */
export type RuntimeParts = { readonly [Name in SharedPart]?: Part<SharedPlaces[Name]> };

export interface PartsOptions {
  readonly parts: RuntimeParts;
  /** Every capability that will be requested. */
  readonly needs: readonly Capability[];
  /** Owns whatever is started. */
  readonly scope: Scope;
  readonly activities: Activities;
  /** Provides the programs of those parts. */
  readonly programs: (parts: readonly Capability[]) => Promise<Toolchain>;
  /** Called once for each part, and for each reported piece of a part. */
  readonly onReady: (piece: string) => void;
}

type Found = { -readonly [Name in SharedPart]?: SharedPlaces[Name] };

/** The shared parts of a target. Each starts once: at the first request, when its programs are available. */
export class Parts {
  readonly #options: PartsOptions;
  readonly #names: readonly SharedPart[];
  readonly #begun = new Map<SharedPart, Promise<void>>();
  readonly #found: Found = {};
  readonly #told = new Set<string>();

  constructor(options: PartsOptions) {
    this.#options = options;
    this.#names = Object.keys(options.parts).filter(isSharedPart);
  }

  /**
   * Starts those parts side by side, unless they have started already, and waits for them. Ignores capabilities without a shared part.
   * @throws the first failure; the other parts continue.
   */
  async of(wanted: ReadonlySet<Capability>): Promise<Found> {
    const found: Found = {};
    const find = async <Name extends SharedPart>(name: Name) => {
      found[name] = await this.#start(name);
    };
    await Promise.all(this.#names.filter((name) => wanted.has(name)).map(find));
    return found;
  }

  async #start<Name extends SharedPart>(name: Name): Promise<SharedPlaces[Name]> {
    const begun = this.#begun.get(name) ?? this.#beginAfterNeeds(name);
    this.#begun.set(name, begun);
    await begun;
    const place = this.#found[name];
    if (place === undefined) throw new Error(`part ${name} has started without a place`);
    return place;
  }

  async #beginAfterNeeds<Name extends SharedPart>(name: Name): Promise<void> {
    const part = this.#options.parts[name];
    if (part === undefined) throw new Error(`the runtime has no part ${name}, which another part needs`);
    // A part's needs are registered before it, so that they end after it. The caller that requested a need gets its failure.
    for (const need of needsOf(name)) this.#start(need).catch(() => undefined);
    this.#found[name] = await this.#open(name, part);
  }

  async #open<Name extends SharedPart>(name: Name, part: Part<SharedPlaces[Name]>): Promise<SharedPlaces[Name]> {
    const { scope } = this.#options;
    if (part.budgetMs !== undefined) {
      const { place } = await scope.run(name, part.budgetMs, (signal) => this.#begin(name, part, signal));
      return place;
    }
    const { place } = await scope.open(name, async (signal) => {
      const started = await this.#begin(name, part, signal);
      return { place: started.place, [Symbol.asyncDispose]: async () => await started.end?.() };
    });
    return place;
  }

  async #begin<Name extends SharedPart>(
    name: Name,
    part: Part<SharedPlaces[Name]>,
    signal: AbortSignal,
  ): Promise<StartedPart<SharedPlaces[Name]>> {
    const { programs, activities } = this.#options;
    const toolchain = await untilAborted(programs([name]), signal);
    const start: PartStart = {
      signal,
      tool: (tool) => toolchain.path(tool),
      needed: async (need) => {
        if (!needsOf(name).includes(need))
          throw new Error(`the provider of ${name} does not say that it needs ${need}`);
        return await this.#start(need);
      },
      ifWanted: async (part) =>
        this.#options.needs.includes(part) ? await this.#start(part).catch(() => undefined) : undefined,
      ready: (piece) => this.#tell(piece),
    };
    const started = await activities.time('starting', name, () => part.start(start));
    this.#tell(name);
    return started;
  }

  #tell(piece: string): void {
    if (this.#told.has(piece)) return;
    this.#told.add(piece);
    this.#options.onReady(piece);
  }
}

/** Returns the needs of a part from the providers' data. */
const needsOf = (name: SharedPart): readonly SharedPart[] => (providerOf(name)?.needs ?? []).filter(isSharedPart);
