import { z } from 'zod';
import { summaryOf } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import type { ManifestObject } from './objects.ts';
import type { SeedPlan } from './seed.ts';
import type { KubernetesPlace } from './service.ts';

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

/** Images of what the drill needs running: pods of volumes and, where a service is under contract, those of the manifests. */
export function imagesOfPlan({ volumes, service, manifests }: SeedPlan): readonly string[] {
  const running = service === undefined ? [] : imagesOf(manifests.objects);
  return [...new Set([...volumes.map(({ image }) => image), ...running])];
}

/** Puts images of this machine onto the nodes. One that is not here may be in a registry, from where a node pulls it. */
export async function bringImages(
  place: KubernetesPlace,
  images: readonly string[],
  { signal, progress }: Pick<Step, 'signal' | 'progress'>,
): Promise<void> {
  for (const image of images) {
    progress(`bringing image ${image} to the nodes`);
    try {
      await place.nodes.loadImage(image, signal, { progress });
    } catch (error) {
      signal.throwIfAborted();
      progress(`the nodes have to pull image ${image} themselves: ${summaryOf(error)}`);
    }
  }
}
