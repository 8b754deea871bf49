import type { RegionStores } from './service.ts';

/** Where the backups of the region in charge lie, and the bucket of the other region, into which the platform copies them. */
export const variablesOfRegions = ({ primary, standby }: RegionStores): Readonly<Record<string, string>> => ({
  VELERO_BUCKET: primary.bucket,
  VELERO_BUCKET_REGION: primary.region,
  VELERO_COPY_BUCKET: standby.bucket,
  VELERO_COPY_REGION: standby.region,
});
