import type { AssetProbe } from '../../model/asset.ts';
import type { HttpService } from './http-service.ts';
import type { Volumes } from './volumes/volumes.ts';

/** What users do: read and write objects, files of volumes, and through the service. */
export function usersProbe(objects: AssetProbe, volumes: Volumes, service: () => HttpService | undefined): AssetProbe {
  // Which of them there are is known only once the asset has been opened, so it is asked then.
  const also = (base: string | undefined, ofVolumes: string) =>
    [base, volumes.lanes.length > 0 ? ofVolumes : undefined, service() && 'the same through the service, as users do']
      .filter((part) => part !== undefined)
      .join('; ');
  return {
    get reads() {
      return also(objects.reads, 'a file of every volume');
    },
    get writes() {
      return also(objects.writes, 'a file to every volume');
    },
    async read(signal) {
      await Promise.all([objects.read(signal), volumes.probeRead(signal), service()?.probeRead(signal)]);
    },
    async write(signal) {
      await Promise.all([objects.write(signal), volumes.probeWrite(signal), service()?.probeWrite(signal)]);
    },
  };
}
