import { connect } from 'node:net';
import { z } from 'zod';
import { Scope } from '../../base/scope.ts';
import { KubernetesApi, NAMESPACES } from '../../clients/kubernetes-api.ts';
import { manifestRenderer } from '../../manifests/render.ts';
import { requireThere } from '../../manifests/sources.ts';
import type { AbsenceCheck } from '../../model/asset.ts';
import { parsedOptions } from '../../model/options-mistake.ts';
import { preparable, type RenderManifests } from '../../model/rendering.ts';
import type { Step } from '../../model/step.ts';
import type { Target } from '../../model/target.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import type { NatsProvider, ProvidedNats } from '../nats/provided.ts';
import { applyObject } from './apply-object.ts';
import { removeServices } from './cleanup.ts';
import { boundVolumes, requireOwnNamespace, untilVolumesGone, volumeAbsence, volumeReads } from './destruction.ts';
import { discoverTypes } from './discovery.ts';
import { withNodePort } from './http-service.ts';
import { type Manifests, renderedManifests, requireObject } from './manifests.ts';
import { type Names, namesFor } from './names.ts';
import { bringImages, imagesOf, namespaceObject } from './seed.ts';
import type { ExposedPort, KubernetesPlace } from './service.ts';
import { sharedKubernetes } from './service.ts';

const READY_BUDGET_MS = 180_000;
const GREETING_BUDGET_MS = 2_000;

const optionsSchema = z.strictObject({
  /** A folder of manifests with the StatefulSet, its Services and their dependencies. */
  manifests: z.string().min(1),
  statefulSet: z.string().min(1),
  /** A Service of type NodePort in front of it; its first port speaks the NATS client protocol. */
  service: z.string().min(1),
});
export type NatsStatefulSetOptions = z.input<typeof optionsSchema>;

/**
 * A NATS server as operators run it in Kubernetes, for `jetstream({ …, server: natsStatefulSet({ … }) })`. Its loss deletes the
 * StatefulSet and its claims with their volumes.
 * @throws {ExplainedError} for an invalid option, or missing manifests.
 */
export function natsStatefulSet(options: NatsStatefulSetOptions): NatsProvider {
  const { statefulSet, service, manifests: path } = parsedOptions('natsStatefulSet(…)', optionsSchema, options);
  const requireParts = (manifests: Manifests) => {
    requireObject(manifests, 'StatefulSet', statefulSet, path);
    requireObject(manifests, 'Service', service, path);
    return manifests;
  };
  requireThere(path);
  const prepared = async (render: RenderManifests): Promise<NatsProvider> => {
    const manifests = requireParts(await renderedManifests(render, path));
    return {
      ...known,
      start: async (target, drillId, step) => await start({ manifests, statefulSet, service }, target, drillId, step),
    };
  };
  const known: NatsProvider = {
    description: `StatefulSet ${statefulSet} in Kubernetes`,
    staging: `a second, empty StatefulSet ${statefulSet} in a staging namespace of its own`,
    // 'nats' for its command line, which the scripts of a backup use.
    needs: ['nats', 'kubernetes', 'pods', 'volumes'],
    reads: [path],
    loss: {
      threat: `the StatefulSet ${statefulSet} and its claims are deleted, with the volumes behind them`,
      blastRadius: 'the server with its storage; the cluster and the Services in front of it survive',
    },
    start: async (target, drillId, step) => {
      const ready = await prepared(manifestRenderer(target.tool('kubectl'), step.signal));
      return await ready.start(target, drillId, step);
    },
  };
  return preparable(known, prepared);
}

interface Parts {
  readonly manifests: Manifests;
  readonly statefulSet: string;
  readonly service: string;
}

async function start(parts: Parts, target: Target, drillId: string, step: Step): Promise<ProvidedNats> {
  await using undo = new Scope({ what: `StatefulSet ${parts.statefulSet}`, clock: step.clock });
  const place = await undo.open('cluster', () => target.place(sharedKubernetes));
  const port = await undo.open('node port', () => place.nodes.exposePort());
  const api = new KubernetesApi(place.kubeconfigPath);
  undo.defer('API client', async () => api[Symbol.dispose]());
  const server = new StatefulSetServer(parts, {
    target,
    place,
    port,
    api,
    names: namesFor(drillId, target.sessionId),
    step,
  });
  undo.defer('namespace of the StatefulSet', () => server.removeNamespace());
  await server.begin();
  server.held = undo.handOver();
  return server;
}

interface Surroundings {
  readonly target: Target;
  readonly place: KubernetesPlace;
  readonly port: ExposedPort;
  readonly api: KubernetesApi;
  readonly names: Names;
  readonly step: Step;
}

/** Objects that are lost with the server. */
interface Owned {
  readonly claims: readonly string[];
  readonly volumes: readonly string[];
}

class StatefulSetServer implements ProvidedNats {
  readonly url: string;
  readonly urlFromPods: string;
  readonly settings: Readonly<Record<string, string>>;
  held: Scope | undefined;
  readonly #parts: Parts;
  readonly #around: Surroundings;
  #owned: Owned = { claims: [], volumes: [] };

  constructor(parts: Parts, around: Surroundings) {
    this.#parts = parts;
    this.#around = around;
    this.url = `nats://${around.port.host}:${around.port.port}`;
    this.urlFromPods = `nats://${parts.service}.${around.names.namespace}.svc:${portOf(parts)}`;
    this.settings = { server: `StatefulSet ${parts.statefulSet} (${imagesOf(parts.manifests.objects).join(', ')})` };
  }

  async begin(): Promise<void> {
    const { api, names, place, port, step } = this.#around;
    const { manifests, service } = this.#parts;
    await bringImages(place, imagesOf(manifests.objects), step);
    await api.create(NAMESPACES, namespaceObject(manifests, names), step.signal);
    const types = await discoverTypes(api, step.signal);
    for (const object of manifests.objects) {
      const place = { api, types, namespace: names.namespace, clock: step.clock, signal: step.signal };
      await applyObject(place, withNodePort(object, service, port.nodePort));
    }
    await this.#untilServing(step.signal);
    this.#owned = await this.#ownedNow(step.signal);
  }

  async lose(): Promise<string> {
    const { api, names, step, target } = this.#around;
    const { signal } = step;
    await requireOwnNamespace(api, names.namespace, target.sessionId, signal);
    this.#owned = await this.#ownedNow(signal);
    const { claims, volumes } = this.#owned;
    await api.delete(this.#statefulSet(), signal);
    for (const claim of claims) await api.delete(`${this.#claims()}/${claim}`, signal);
    await untilVolumesGone(api, volumes, step);
    return `StatefulSet ${this.#parts.statefulSet} and its claims ${claims.join(', ')} deleted, waited until their volumes were gone`;
  }

  async #ownedNow(signal: AbortSignal): Promise<Owned> {
    const { api, names } = this.#around;
    const claims: string[] = [];
    for await (const { metadata } of api.list(this.#claims(), signal)) claims.push(metadata.name);
    return { claims, volumes: await boundVolumes(api, names.namespace, signal) };
  }

  async replace(signal: AbortSignal): Promise<void> {
    const { api, names, step } = this.#around;
    const { statefulSet, manifests } = this.#parts;
    const types = await discoverTypes(api, signal);
    for (const object of manifests.objects) {
      if (object.kind !== 'StatefulSet' || object.metadata.name !== statefulSet) continue;
      await applyObject({ api, types, namespace: names.namespace, clock: step.clock, signal }, object);
    }
    await this.#untilServing(signal);
  }

  async isAlive(): Promise<boolean> {
    const { api } = this.#around;
    return (await api.findObject(this.#statefulSet(), AbortSignal.timeout(GREETING_BUDGET_MS))) !== undefined;
  }

  absenceReads(): readonly string[] {
    const { statefulSet } = this.#parts;
    const { claims, volumes } = this.#owned;
    const objects = [`StatefulSet ${statefulSet}`, `pod ${statefulSet}-0`, ...claims.map((claim) => `claim ${claim}`)];
    return [...objects.map((name) => `read ${name}`), ...volumeReads(volumes.length)];
  }

  async absence(signal: AbortSignal): Promise<readonly AbsenceCheck[]> {
    const { api } = this.#around;
    const { claims, volumes } = this.#owned;
    const objects: [string, string][] = [
      [`StatefulSet ${this.#parts.statefulSet}`, this.#statefulSet()],
      [
        `pod ${this.#parts.statefulSet}-0`,
        `${NAMESPACES}/${this.#around.names.namespace}/pods/${this.#parts.statefulSet}-0`,
      ],
      ...claims.map((claim): [string, string] => [`claim ${claim}`, `${this.#claims()}/${claim}`]),
    ];
    const checks = objects.map(async ([name, path]) => {
      const found = await api.findObject(path, signal);
      return {
        what: `read ${name}`,
        gone: found === undefined,
        observed: found === undefined ? 'not found (404)' : 'it exists',
      };
    });
    return [...(await Promise.all(checks)), ...(await volumeAbsence(api, volumes, signal))];
  }

  async removeNamespace(): Promise<void> {
    const { api, names, target } = this.#around;
    const signal = AbortSignal.timeout(10_000);
    const path = `${NAMESPACES}/${names.namespace}`;
    if ((await api.findObject(path, signal)) === undefined) return;
    await requireOwnNamespace(api, names.namespace, target.sessionId, signal);
    await removeServices(api, names.namespace, signal);
    await api.delete(path, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.held?.[Symbol.asyncDispose]();
  }

  #statefulSet(): string {
    return `/apis/apps/v1/namespaces/${this.#around.names.namespace}/statefulsets/${this.#parts.statefulSet}`;
  }

  #claims(): string {
    return `${NAMESPACES}/${this.#around.names.namespace}/persistentvolumeclaims`;
  }

  /** Waits for the server's greeting: a connection alone is no proof, because a proxy accepts it without a server behind. */
  async #untilServing(signal: AbortSignal): Promise<void> {
    const { port, step } = this.#around;
    await waitFor(
      {
        for: `a NATS server to send its greeting at ${this.url}`,
        budgetMs: READY_BUDGET_MS,
        intervalMs: 200,
        look: async (lookSignal) =>
          (await greeting(port, lookSignal)).startsWith('INFO ')
            ? arrived(undefined)
            : notYet('the greeting is not that of a NATS server'),
      },
      step.clock,
      signal,
    );
  }
}

const serviceSchema = z.looseObject({
  spec: z.looseObject({ ports: z.array(z.looseObject({ port: z.int() })).min(1) }),
});

function portOf({ manifests, service }: Parts): number {
  const object = manifests.objects.find(({ kind, metadata }) => kind === 'Service' && metadata.name === service);
  return serviceSchema.parse(object).spec.ports[0]?.port ?? 0;
}

async function greeting({ host, port }: ExposedPort, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host, port, signal, timeout: GREETING_BUDGET_MS });
  socket.once('data', (data) => resolve(data.toString('utf8', 0, 5)));
  socket.once('timeout', () => reject(new Error('no greeting arrived in time')));
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('the connection was closed without a greeting')));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
