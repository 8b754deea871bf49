import type { Secrets } from './secrets.ts';

/** What a contract may need of a target, e.g. the name of a system: as contracts, records, the command line and messages spell it. */
export type Capability = string;

declare const requested: unique symbol;

/**
 * A token for something that a target can supply: what somebody gets who asks for it is a `Place`, and what they say when they ask is a
 * `Request`. The system that uses the place owns the token (`systems/<name>/service.ts`). Tokens are compared by name, so two packages
 * may agree on one.
 */
export interface Service<Place, Request = undefined> {
  /** Unique, lower case, e.g. `nats-server`. */
  readonly name: string;
  /** What a contract needs of a target so that it can supply this. Several services may stand on one capability. */
  readonly capability: Capability;
  /** Only for the type of what is said when somebody asks. */
  readonly [requested]?: (request: Request) => void;
  /**
   * Makes every credential of the place known before anybody can use it.
   * @returns the place, or one that also tells the credentials that it gets later.
   */
  tellCredentials(place: Place, secrets: Secrets): Promise<Place>;
}

/** What is said when somebody asks for a place: nothing for a shared one. */
export type Asked<Request> = Request extends undefined ? [] : [request: Request, signal: AbortSignal];

/** What a token is made of. */
export interface ServiceDefinition<Place> {
  readonly name: string;
  readonly capability: Capability;
  /** Left out where a place holds no credentials. */
  readonly tellCredentials?: (place: Place, secrets: Secrets) => Place | Promise<Place>;
}

/** Makes a token. Every token that a target is asked for has a supplier there, or the target says that it has none. */
export const service = <Place, Request = undefined>({
  name,
  capability,
  tellCredentials = (place) => place,
}: ServiceDefinition<Place>): Service<Place, Request> => ({
  name,
  capability,
  tellCredentials: async (place, secrets) => await tellCredentials(place, secrets),
});

/** What is said when somebody asks for a place of a drill's own. */
export interface OwnPlaceRequest {
  /** Part of the names of what is started; two drills may say the same. */
  readonly label: string;
}

/** A place of one drill's own that can be lost whole and replaced, so that a disaster of one drill never reaches another drill. */
export interface LosablePlace extends AsyncDisposable {
  /** True while a process of it lives; for the proof of destruction. */
  isAlive(): Promise<boolean>;
  /** Kills every process of it and removes what it stored. Says exactly what was done. */
  lose(): Promise<string>;
  /** After `lose`: a new, empty one at the same address. */
  replace(signal: AbortSignal): Promise<void>;
}
