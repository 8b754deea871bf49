import { bucketShapes } from './bucket-shapes.ts';
import { namespaceShapes } from './namespace-shapes.ts';
import type { Shape } from './stage.ts';
import { streamShapes } from './stream-shapes.ts';

/** Returns sixty shapes: those that users reported, and some drawn by the seed. */
export const shapes = (seed: number): readonly Shape[] => [
  ...streamShapes(seed, 8),
  ...bucketShapes(seed, 5),
  ...namespaceShapes(),
];
