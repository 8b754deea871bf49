import { instead } from '../model/instead.ts';
import type { Asked, Service } from '../model/service.ts';
import type { Target } from '../model/target.ts';

/** The same target, which hands out that place to everybody who asks for the service. */
export const withPlace = <Lent, Said>(target: Target, lentService: Service<Lent, Said>, lent: Lent): Target =>
  instead(target, {
    place: async <Place, Request>(service: Service<Place, Request>, ...asked: Asked<Request>): Promise<Place> =>
      // Of the same name is of the same type.
      service.name === lentService.name ? (lent as unknown as Place) : await target.place(service, ...asked),
    tellCredentials: async (secrets) => {
      await target.tellCredentials(secrets);
      await lentService.tellCredentials(lent, secrets);
    },
  });

/** The same target, which does not offer that service. */
export const withoutService = <Place, Request>(target: Target, missing: Service<Place, Request>): Target =>
  instead(target, { offers: (service) => service.name !== missing.name && target.offers(service) });

/** The same target, which hands out changed places of that service. */
export const withChanged = <Lent, Said>(
  target: Target,
  changedService: Service<Lent, Said>,
  change: (place: Lent) => Promise<Lent>,
): Target =>
  instead(target, {
    place: async <Place, Request>(service: Service<Place, Request>, ...asked: Asked<Request>): Promise<Place> => {
      const place = await target.place(service, ...asked);
      if (service.name !== changedService.name) return place;
      return (await change(place as unknown as Lent)) as unknown as Place;
    },
  });
