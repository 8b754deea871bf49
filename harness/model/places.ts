import { ExplainedError } from './errors.ts';
import type { Secrets } from './secrets.ts';
import type { Asked, Capability, Service } from './service.ts';
import type { Target } from './target.ts';

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
