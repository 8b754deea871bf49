import type { Capability } from '../../model/target.ts';

/** What the docker target can give a contract. */
export const dockerCapabilities = [
  'nats',
  'nats-cluster',
  's3',
  'kubernetes',
  'velero',
  'regions',
  'pods',
  'volumes',
] as const satisfies readonly Capability[];
export type DockerCapability = (typeof dockerCapabilities)[number];

export const isOfDocker = (capability: Capability): capability is DockerCapability =>
  dockerCapabilities.some((each) => each === capability);
