import type { RegionStores } from './service.ts';

/**
 * Returns the variables for the bucket of the region in charge, and for that of the other region, into which the platform copies backups.
 */
export const variablesOfRegions = ({ primary, standby }: RegionStores): Readonly<Record<string, string>> => ({
  VELERO_BUCKET: primary.bucket,
  VELERO_BUCKET_REGION: primary.region,
  VELERO_COPY_BUCKET: standby.bucket,
  VELERO_COPY_REGION: standby.region,
});
