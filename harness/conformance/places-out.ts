import { instead } from '../model/instead.ts';
import type { Asked, Service } from '../model/service.ts';
import type { Target } from '../model/target.ts';

/** Places of its own that an asset has asked a target for, until it disposes of them. */
export class PlacesOut {
  readonly #out = new Map<object, string>();

  /** Returns that target, noting each place that it hands out for one drill. */
  watched(target: Target): Target {
    return instead(target, {
      place: async <Place, Request>(service: Service<Place, Request>, ...asked: Asked<Request>): Promise<Place> => {
        const place = await target.place(service, ...asked);
        if (asked.length > 0 && isDisposable(place)) this.#note(place, service.name);
        return place;
      },
    });
  }

  /** Names of the services whose places were not given back. */
  get services(): readonly string[] {
    return [...new Set(this.#out.values())].toSorted();
  }

  #note(place: AsyncDisposable, service: string): void {
    const dispose = place[Symbol.asyncDispose].bind(place);
    const value = async (): Promise<void> => {
      this.#out.delete(place);
      await dispose();
    };
    this.#out.set(place, service);
    Object.defineProperty(place, Symbol.asyncDispose, { value, configurable: true, writable: true });
  }
}

const isDisposable = (place: unknown): place is AsyncDisposable =>
  typeof place === 'object' && place !== null && Symbol.asyncDispose in place;
