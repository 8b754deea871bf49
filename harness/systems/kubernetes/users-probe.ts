import type { AssetProbe } from '../../model/asset.ts';
import type { HttpService } from './http-service.ts';
import type { Volumes } from './volumes/volumes.ts';

/** What users do: read and write objects, files of volumes, and through the service. */
export function usersProbe(objects: AssetProbe, volumes: Volumes, service: () => HttpService | undefined): AssetProbe {
  return {
    async read(signal) {
      await Promise.all([objects.read(signal), volumes.probeRead(signal), service()?.probeRead(signal)]);
    },
    async write(signal) {
      await Promise.all([objects.write(signal), volumes.probeWrite(signal), service()?.probeWrite(signal)]);
    },
  };
}
