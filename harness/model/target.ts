import { z } from 'zod';
import { ExplainedError } from './errors.ts';
import type { Secrets } from './secrets.ts';
import type { Asked, Capability, Service } from './service.ts';

/** Where the real systems run. Hands out places; owns every process behind them. */
export interface Target {
  readonly name: string;
  readonly sessionId: string;
  /** What contracts may need of it. */
  readonly capabilities: readonly Capability[];
  readonly differencesFromProduction: readonly string[];
  readonly tools: readonly ToolInUse[];
  /** How programs of the platform run on this machine. */
  readonly sandbox: HostSandbox;
  /** Path of a command line. @throws {ExplainedError} for one that the target was not given. */
  tool(name: ToolName): string;
  /** What programs of the platform find on their PATH: the path of each command line by its plain name. */
  readonly commandLines: Readonly<Record<string, string>>;
  /** Whether `place` can supply this service here. */
  offers(service: Pick<Service<unknown, never>, 'name' | 'capability'>): boolean;
  /**
   * A place of that service. Who asks disposes it, where it is disposable. A shared place outlives that.
   * @throws {ExplainedError} when this target does not offer the service, or the place cannot be started.
   */
  place<Place, Request>(service: Service<Place, Request>, ...asked: Asked<Request>): Promise<Place>;
  /** Makes the credentials of every shared place known, also of those that nobody asks for: programs inside the target use them. */
  tellCredentials(secrets: Secrets): Promise<void>;
}

type Open = (request: unknown, signal: AbortSignal) => Promise<unknown>;

/** What a target supplies, by service. `target.place`, `offers` and `tellCredentials` are made of it, the same way for every target. */
export class Places {
  readonly #target: string;
  readonly #capabilities: readonly Capability[];
  readonly #opens = new Map<string, Open>();
  readonly #tells: ((secrets: Secrets) => Promise<unknown>)[] = [];

  /** @param target its name, for messages. @param capabilities what it was started with. */
  constructor(target: string, capabilities: readonly Capability[]) {
    this.#target = target;
    this.#capabilities = capabilities;
  }

  /** Says how a place of a caller's own is started. */
  own<Place, Request>(
    service: Service<Place, Request>,
    open: (request: Request, signal: AbortSignal) => Promise<Place>,
  ): this {
    // The token's type says what `place` is given for this name, and nobody else calls it.
    this.#opens.set(service.name, open as Open);
    return this;
  }

  /** Says what the shared place is; nothing where it was not started. */
  shared<Place>(service: Service<Place>, place: Place | undefined): this {
    if (place === undefined) return this;
    this.#opens.set(service.name, async () => place);
    this.#tells.push(async (secrets) => await service.tellCredentials(place, secrets));
    return this;
  }

  /** Says how the shared place is started: once, when somebody asks for it first. A start that failed is tried again by the next who asks. */
  sharedOnDemand(
    service: Pick<Service<unknown, never>, 'name'>,
    open: (signal: AbortSignal) => Promise<unknown>,
  ): this {
    let starting: Promise<unknown> | undefined;
    this.#opens.set(service.name, async (_, signal) => {
      starting ??= open(signal).catch((error: unknown) => {
        starting = undefined;
        throw error;
      });
      return await starting;
    });
    return this;
  }

  /** The members of a target that are about its places. */
  get members(): Pick<Target, 'offers' | 'place' | 'tellCredentials'> {
    return {
      offers: ({ name, capability }) => this.#capabilities.includes(capability) && this.#opens.has(name),
      place: async <Place, Request>(service: Service<Place, Request>, ...asked: Asked<Request>): Promise<Place> => {
        const [request, signal = new AbortController().signal]: readonly [request?: unknown, signal?: AbortSignal] =
          asked;
        const open = this.#opens.get(service.name);
        if (open === undefined || !this.#capabilities.includes(service.capability))
          throw notStarted(this.#target, service.capability);
        return (await open(request, signal)) as Place;
      },
      tellCredentials: async (secrets) => {
        await Promise.all(this.#tells.map(async (tell) => await tell(secrets)));
      },
    };
  }
}

/** What is said of a part that the target was not started with. */
export const notStarted = (target: string, capability: Capability): ExplainedError =>
  new ExplainedError({
    thing: `${target} target, part ${capability}`,
    expected: 'to have been started',
    observed: 'nobody asked for it at the start',
    nextStep: `Name '${capability}' among the parts when the ${target} target is started, or among the needs of the contract's asset.`,
  });

/** A target whose parts are there one after the other. Disposal stops all of it. */
export interface OpenTarget<Attached extends { readonly target: Target } = { readonly target: Target }>
  extends AsyncDisposable {
  /**
   * Waits for those parts.
   * @returns the target as it is for somebody who needs them.
   * @throws {ExplainedError} why one of them cannot be had.
   */
  untilReady(parts: readonly Capability[]): Promise<Attached>;
}

/** A target that is there already, and that somebody else stops. */
export const readyTarget = (target: Target): OpenTarget => ({
  untilReady: async () => ({ target }),
  [Symbol.asyncDispose]: async () => undefined,
});

/** A program that real parts run or are used with, by the name that the toolchain has a recipe for, or that its provider gave it. */
export type ToolName = string;

/** Where every program is, once obtained. */
export interface Toolchain {
  /** @throws {ExplainedError} for a tool that this toolchain was not asked to obtain. */
  path(name: ToolName): string;
  readonly inUse: readonly ToolInUse[];
}

export interface ToolInUse {
  readonly name: string;
  readonly version: string;
  /**
   * Where the binary came from (`environment`, `cache`, `path`, `built`, `pack` with its digest, `wheel` with its file and digest, or `image`
   * with its reference and digest), or an image digest.
   */
  readonly source: string;
}

/**
 * How this machine runs the platform's programs, as plain data: found once when a target starts, and part of its handle.
 *
 * - `bubblewrap`: each program runs in a sandbox of its own.
 * - `none`: no sandbox, because the user said so. Programs can reach the files of this machine.
 * - `refused`: there is no sandbox and nobody allowed to do without one, so no program runs and what depends on one is `unproven`.
 */
export const hostSandboxSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('bubblewrap'),
    /** Absolute path of `bwrap`. */
    path: z.string(),
    version: z.string(),
    source: z.enum(['machine', 'cache', 'installed']),
    /** True when each sandbox has a user namespace of its own, in which no further one can be made. */
    userNamespace: z.boolean(),
    /** Program that closes abstract unix sockets (by Landlock) before it starts another one; null where none can. */
    scopedBy: z.string().nullable(),
  }),
  z.object({
    kind: z.literal('none'),
    /** Who said so, e.g. "the configuration says sandbox: 'none'". */
    reason: z.string(),
  }),
  z.object({ kind: z.literal('refused'), reason: z.string(), fix: z.string() }),
]);
export type HostSandbox = z.output<typeof hostSandboxSchema>;

/** What a configuration may say about it: `bubblewrap` is the rule, `none` does without. */
export const sandboxWishes = ['bubblewrap', 'none'] as const;
export type SandboxWish = (typeof sandboxWishes)[number];

/** One sentence for a record, a log or a report. */
export function describeSandbox(sandbox: HostSandbox): string {
  switch (sandbox.kind) {
    case 'bubblewrap': {
      const user = sandbox.userNamespace ? '' : ', without a user namespace';
      const sockets = sandbox.scopedBy === null ? ', abstract unix sockets of this machine can be reached' : '';
      return `bubblewrap ${sandbox.version}${user}${sockets}`;
    }
    case 'none':
      return `none: ${sandbox.reason}`;
    case 'refused':
      return `refused: ${sandbox.reason}`;
  }
}
