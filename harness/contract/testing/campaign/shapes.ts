import { bucketShapes } from './bucket-shapes.ts';
import { namespaceShapes } from './namespace-shapes.ts';
import type { Stage, Staged } from './stage.ts';
import { streamShapes } from './stream-shapes.ts';

/** A well-formed asset with a procedure that brings it back: the right verdict is `met`. */
export interface Shape {
  readonly name: string;
  stage(stage: Stage): Promise<Staged>;
}

/** Sixty of them: those that people reported, and some that are drawn by the seed. */
export const shapes = (seed: number): readonly Shape[] => [
  ...streamShapes(seed, 8),
  ...bucketShapes(seed, 5),
  ...namespaceShapes(),
];
