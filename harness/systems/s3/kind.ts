import { offersOf, type WaysOf } from '../../model/access.ts';
import type { AssetKind, Disaster } from '../../model/asset.ts';
import { formatSize } from '../../model/units.ts';
import { objectVersions } from './access.ts';
import { disasters, objectsEncrypted, REGION_LOST, regionLost } from './disasters.ts';
import { type BucketOptions, parseBucketOptions } from './options.ts';

const known = [...disasters, objectsEncrypted, regionLost] as const;

type BucketWays<Versioned extends boolean> = {
  readonly [Name in keyof WaysOf<typeof known>]: Versioned extends false
    ? Exclude<WaysOf<typeof known>[Name], typeof objectVersions.name>
    : WaysOf<typeof known>[Name];
};

/** Without versions, the bucket itself contains nothing to restore from. */
const withoutVersions = (disaster: Disaster): Disaster => ({
  ...disaster,
  offers: offersOf(disaster).filter(({ name }) => name !== objectVersions.name),
});

/**
 * Returns an S3 bucket, made for the drill, with objects of every awkward sort: nested and escaped keys, empty and multipart objects,
 * metadata, tags, earlier versions, deleted objects, and retention if requested.
 * @throws {ExplainedError} for impossible options.
 */
export function bucket<Versioned extends boolean = true>(
  options: Omit<BucketOptions, 'versioned'> & { readonly versioned?: Versioned | undefined },
): AssetKind<BucketWays<Versioned>> {
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
    disasters: spec.versioned ? known : known.map(withoutVersions),
    protectedCount: spec.objects,
    // The S3 client is loaded here, because listing contracts does not need it.
    open: async (open) => {
      if (open.disaster === REGION_LOST) return (await import('./region-lost.ts')).RegionLostBucket.open(spec, open);
      return (await import('./bucket.ts')).OpenBucket.open(spec, open);
    },
  };
}
