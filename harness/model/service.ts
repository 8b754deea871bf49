import { ExplainedError } from './errors.ts';
import type { Secrets } from './secrets.ts';

/** Form of the names of services and capabilities, as contracts, records and messages spell them. */
export const SERVICE_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/**
 * Something that a contract may need of a target, e.g. the name of a system. Contracts, records, the command line and messages spell it
 * alike.
 */
export type Capability = string;

declare const requested: unique symbol;

/**
 * Token for something that a target can supply. A caller passes a `Request` and gets a `Place`. The system that uses the place owns the
 * token (`systems/<name>/service.ts`). Tokens are compared by name, so two packages may agree on one.
 */
export interface Service<Place, Request = undefined> {
  /** Unique, lower case, e.g. `nats-server`. */
  readonly name: string;
  /** Capability that the target needs to supply it. Several services may share one capability. */
  readonly capability: Capability;
  /** Carries the type of the request only. */
  readonly [requested]?: (request: Request) => void;
  /**
   * Reports every credential of the place before any caller can use the place.
   * @returns the place, or a wrapper that also reports credentials that the place gets later.
   */
  tellCredentials(place: Place, secrets: Secrets): Promise<Place>;
}

/** Arguments of a call that asks for a place: none for a shared one. */
export type Asked<Request> = Request extends undefined ? [] : [request: Request, signal: AbortSignal];

/** Definition of a token. */
export interface ServiceDefinition<Place> {
  readonly name: string;
  readonly capability: Capability;
  /** Left out when a place holds no credentials. */
  readonly tellCredentials?: (place: Place, secrets: Secrets) => Place | Promise<Place>;
}

/**
 * Makes a token. A target has a supplier for a token, or says that it has none.
 * @throws {ExplainedError} for a name or a capability that is not lower case.
 */
export function service<Place, Request = undefined>({
  name,
  capability,
  tellCredentials = (place) => place,
}: ServiceDefinition<Place>): Service<Place, Request> {
  for (const [field, value] of Object.entries({ name, capability })) {
    if (SERVICE_NAME.test(value)) continue;
    throw new ExplainedError({
      thing: `service({ … }): ${field}`,
      expected: 'lower case, with digits and hyphens, such as my-queue',
      observed: JSON.stringify(value),
      nextStep: 'Write it so, and the same in the provider and in the contracts.',
    });
  }
  return {
    name,
    capability,
    tellCredentials: async (place, secrets) => await tellCredentials(place, secrets),
  };
}

/** Request for a place of a drill's own. */
export interface OwnPlaceRequest {
  /** Part of the names of the started things. Two drills may use the same label. */
  readonly label: string;
}

/** A place of one drill's own that can be lost whole and replaced. A disaster of one drill thus never reaches another drill. */
export interface LosablePlace extends AsyncDisposable {
  /** Returns true while one of its processes lives; for the proof of destruction. */
  isAlive(): Promise<boolean>;
  /** Kills all of its processes and removes its stored data. Returns an exact description of what it did. */
  lose(): Promise<string>;
  /** Starts a new, empty place at the same address, after `lose`. */
  replace(signal: AbortSignal): Promise<void>;
}
