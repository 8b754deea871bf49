import { z } from 'zod';
import type { ManifestObject } from './objects.ts';

const containers = z.array(z.looseObject({ image: z.string() })).default([]);
const podTemplate = z.looseObject({
  spec: z.looseObject({
    replicas: z.int().default(1),
    template: z.looseObject({ spec: z.looseObject({ containers, initContainers: containers }) }),
  }),
});

/** The images that the pods of these objects run; what asks for no replica runs none. */
export function imagesOf(objects: Iterable<ManifestObject>): readonly string[] {
  const images = new Set<string>();
  for (const object of objects) {
    const { data } = podTemplate.safeParse(object);
    if (data === undefined || data.spec.replicas === 0) continue;
    const { containers: main, initContainers } = data.spec.template.spec;
    for (const { image } of [...initContainers, ...main]) images.add(image);
  }
  return [...images];
}
