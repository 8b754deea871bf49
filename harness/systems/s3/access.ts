import type { Access } from '../../model/access.ts';

/** Earlier versions of the objects, in the bucket itself. */
export const objectVersions: Access<'object versions'> = { name: 'object versions', usedBy: ['versioning({ … })'] };

/** A bucket in another region that holds copies of the objects. */
export const bucketElsewhere: Access<'bucket elsewhere'> = {
  name: 'bucket elsewhere',
  usedBy: ['offRegionCopy({ … })'],
};
