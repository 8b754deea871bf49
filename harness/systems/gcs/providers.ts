import { type Provider, sharedSupplier, supplier } from '../../registered/provider.ts';
import { gcsStore, ownGcs } from './service.ts';

/** A process of this machine serves it. The docker target builds no program, so it has none. */
export const gcsProvider: Provider = {
  capability: 'gcs',
  needs: [],
  suppliedBy: { local: { tools: ['fake-gcs-server'] } },
  typicalDrillS: 4,
  suppliers: [
    // What starts it is loaded when somebody asks for it.
    supplier(ownGcs, async (request, runtime, signal) => {
      const { startGcs } = await import('./server.ts');
      return await startGcs(request, runtime, signal);
    }),
    sharedSupplier(gcsStore, async (runtime, signal) => {
      const { startBackupStore } = await import('./server.ts');
      return await startBackupStore(runtime, signal);
    }),
  ],
};
