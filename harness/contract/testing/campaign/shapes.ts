import { bucketShapes } from './bucket-shapes.ts';
import { namespaceShapes } from './namespace-shapes.ts';
import type { Shape } from './stage.ts';
import { streamShapes } from './stream-shapes.ts';

/** Sixty of them: those that people reported, and some that are drawn by the seed. */
export const shapes = (seed: number): readonly Shape[] => [
  ...streamShapes(seed, 8),
  ...bucketShapes(seed, 5),
  ...namespaceShapes(),
];
