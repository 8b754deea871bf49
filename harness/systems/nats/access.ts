import type { Access } from '../../model/access.ts';

/** The copies of a stream on the remaining nodes. */
export const natsReplicas: Access<'jetstream replicas'> = {
  name: 'jetstream replicas',
  usedBy: ['jetstreamReplicas()'],
};
