import { type Provider, sharedSupplier } from '../../registered/provider.ts';
import { gcsStore, VELERO_GCS } from './service.ts';

/** A process of this machine serves it. The docker target builds no program, so it lacks this. */
export const gcsProvider: Provider = {
  capability: 'gcs',
  needs: [],
  suppliedBy: { local: { tools: ['fake-gcs-server'] } },
  typicalDrillS: 4,
  suppliers: [
    // Loaded on first use.
    sharedSupplier(gcsStore, async (runtime, signal) => {
      const { startBackupStore } = await import('./server.ts');
      return await startBackupStore(runtime, signal);
    }),
  ],
};

/** Plugin with which Velero writes to the backup bucket. The docker target has no server for it. */
export const veleroGcsProvider: Provider = {
  capability: VELERO_GCS,
  needs: ['velero', 'gcs'],
  suppliedBy: { local: { tools: ['velero-plugin-for-gcp'] } },
  typicalDrillS: 1,
  isShared: true,
};
