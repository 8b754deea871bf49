import type { PodNodes } from '../../systems/kubernetes/service.ts';
import type { DockerContext } from './context.ts';
import { takePort } from './exposed-ports.ts';
import { loadImages } from './kind.ts';
import { ensurePodImage } from './pod-images.ts';

interface ClusterOfNodes {
  readonly name: string;
  readonly ports: Parameters<typeof takePort>[0];
  /** Folder that records which ports are taken. */
  readonly dir: string;
}

/** Returns the node of a kind cluster. */
export const nodesOf = ({ name, ports, dir }: ClusterOfNodes, context: DockerContext): PodNodes => ({
  loadImage: async (reference, signal, options) => {
    await ensurePodImage(reference, context, signal, options);
    await loadImages(name, [reference], context, signal);
  },
  exposePort: async () => await takePort(ports, dir),
});
