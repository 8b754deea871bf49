import type { Disaster } from '../../model/asset.ts';

export const REGION_LOST = 'region-lost';

export const disasters = [
  {
    name: 'objects-deleted',
    threat: 'every live object is deleted, so that a plain listing of the bucket is empty',
    blastRadius: 'all live objects; noncurrent generations and the bucket survive',
  },
  {
    name: 'objects-overwritten',
    threat: 'every live object is overwritten with garbage, and its metadata is gone (as ransomware does)',
    blastRadius: 'all live objects; noncurrent generations and the bucket survive',
    leavesContent: true,
  },
  {
    name: REGION_LOST,
    threat: 'the region of the bucket is lost, and a new, empty bucket of that name is made in another region',
    blastRadius: 'the bucket with every generation',
  },
] as const satisfies readonly Disaster[];
export type DisasterName = (typeof disasters)[number]['name'];

export const isDisasterName = (name: string): name is DisasterName => disasters.some((each) => each.name === name);
