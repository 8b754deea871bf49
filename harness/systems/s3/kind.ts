import type { AssetKind } from '../../model/asset.ts';
import { formatSize } from '../../model/units.ts';
import { disasters, objectsEncrypted, REGION_LOST, regionLost } from './disasters.ts';
import { type BucketOptions, parseBucketOptions } from './options.ts';

/**
 * An S3 bucket, made for the drill, with objects of every awkward sort: nested and escaped keys, empty and multipart objects,
 * metadata, tags, earlier versions, objects that were deleted before, and retention where it is asked for.
 * @throws {ExplainedError} for options that cannot be.
 */
export function bucket(options: BucketOptions): AssetKind {
  const spec = parseBucketOptions(options);
  return {
    system: 's3',
    description: `versioned S3 bucket of ${spec.objects.toLocaleString('en')} objects up to ${formatSize(spec.largestBytes)}`,
    inScope: [
      'current objects: content, content headers, user metadata, tags, retention',
      'every earlier version and delete marker',
      'objects that were deleted before the disaster stay deleted',
    ],
    outOfScope: [
      'bucket settings and policies',
      'access control lists',
      'encryption keys',
      'storage class transitions',
    ],
    needs: ['s3'],
    disasters: [...disasters, objectsEncrypted, regionLost],
    protectedCount: spec.objects,
    // The S3 client is loaded here: listing contracts does without.
    open: async (open) => {
      if (open.disaster === REGION_LOST) return (await import('./region-lost.ts')).RegionLostBucket.open(spec, open);
      return (await import('./bucket.ts')).OpenBucket.open(spec, open);
    },
  };
}
