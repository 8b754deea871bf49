import { environmentAccess } from '../../model/access.ts';
import type { Disaster } from '../../model/asset.ts';
import { bucketElsewhere, objectVersions } from './access.ts';

// Separate from the code that stages them, because a contract names its disasters long before it needs a client library.

export const disasters = [
  {
    name: 'objects-deleted',
    threat: 'every current object is deleted, so that a plain listing of the bucket is empty',
    blastRadius: 'all current objects; earlier versions and the bucket survive',
    offers: [objectVersions, environmentAccess],
  },
  {
    name: 'objects-overwritten',
    threat: 'every current object is overwritten with garbage, its metadata and tags are gone (as ransomware does)',
    blastRadius: 'all current objects; earlier versions and the bucket survive',
    leavesContent: true,
    offers: [objectVersions, environmentAccess],
  },
] as const satisfies readonly Disaster[];
export type DisasterName = (typeof disasters)[number]['name'];

export function isDisasterName(name: string): name is DisasterName {
  return disasters.some((disaster) => disaster.name === name);
}

export const OBJECTS_ENCRYPTED = 'objects-encrypted';

export const objectsEncrypted = {
  name: OBJECTS_ENCRYPTED,
  threat:
    "a thief with a writer's credentials tries to destroy every version, encrypts every current object with a key of his own, deletes some, and leaves a note",
  blastRadius: 'all current objects, and whatever versions no lock holds; the bucket survives',
  assures: ['untouched'],
  leavesContent: true,
  offers: [objectVersions, environmentAccess],
} as const satisfies Disaster;

export const REGION_LOST = 'region-lost';

export const regionLost = {
  name: REGION_LOST,
  threat: 'the region of the bucket is lost, with every version in it',
  blastRadius: 'the bucket with all its versions; what was copied into a bucket of another region survives',
  offers: [bucketElsewhere, environmentAccess],
} as const satisfies Disaster;
