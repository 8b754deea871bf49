import { gcsPrograms } from '../systems/gcs/programs.ts';
import { kubernetesPrograms, nodePrograms } from '../systems/kubernetes/programs.ts';
import { natsPrograms, regionPrograms } from '../systems/nats/programs.ts';
import { s3Programs } from '../systems/s3/programs.ts';
import { veleroPrograms } from '../systems/velero/programs.ts';
import type { Recipe } from './recipe.ts';

/** How the toolchain obtains each program, one line for each list of a system. Tables and builds have this order. */
export const programs: readonly Recipe[] = [
  ...natsPrograms,
  ...kubernetesPrograms,
  ...veleroPrograms,
  ...s3Programs,
  ...regionPrograms,
  ...gcsPrograms,
  ...nodePrograms,
];
