import { environmentAccess } from '../../model/access.ts';
import type { Disaster } from '../../model/asset.ts';
import { natsReplicas } from './access.ts';

// Separate from the code that stages them: a contract names its disasters without loading a client library.

export const SERVER_LOST = 'server-lost';
export const REHEARSAL = 'rehearsal';
export const NODE_LOST = 'node-lost';

export const disasters = [
  {
    name: 'stream-deleted',
    threat: 'the streams, key-value buckets and object stores are deleted, with their consumers',
    blastRadius: 'the asset alone; the server goes on',
    offers: [environmentAccess],
  },
  {
    name: SERVER_LOST,
    threat: 'the server is killed and its storage is gone',
    blastRadius: 'the whole server with everything on it',
    offers: [environmentAccess],
  },
  {
    name: REHEARSAL,
    threat: 'none: a backup is restored into an empty staging server beside the living original',
    blastRadius: 'nothing; the original lives on and must come through untouched',
    assures: ['untouched'],
    isRehearsal: true,
    offers: [environmentAccess],
  },
] as const satisfies readonly Disaster[];

/** Only for a server that is a cluster. */
export const nodeLost = {
  name: NODE_LOST,
  threat: 'the node that leads the meta group is killed and its storage is gone',
  blastRadius: 'one node of the cluster; the others go on',
  // The other nodes keep their content, so a restore would meet existing content.
  offers: [natsReplicas],
} as const satisfies Disaster;
