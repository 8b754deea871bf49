import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { type Connection, connectionFrom } from '../../clients/kubernetes.ts';
import { NotProvableHereError, summaryOf } from '../../model/errors.ts';
import type { ResourceType } from './filters.ts';

/** A type that the API server can list. */
export interface ListedType extends ResourceType {
  /** As comparisons name it: `Secret`, `Deployment.apps`. */
  readonly kind: string;
  readonly path: (namespace: string) => string;
}

/** What is known of an object without its content. */
export interface ObjectMark {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const MARKS = 'application/json;g=meta.k8s.io;v=v1;as=PartialObjectMetadataList,application/json';
const PAGE_SIZE = 500;

const discovered = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string().optional() }).optional(),
      versions: z.array(
        z.looseObject({
          version: z.string(),
          resources: z
            .array(
              z.looseObject({
                resource: z.string(),
                responseKind: z.looseObject({ kind: z.string() }).optional(),
                scope: z.string(),
                singularResource: z.string().optional(),
                shortNames: z.array(z.string()).optional(),
                verbs: z.array(z.string()).default([]),
              }),
            )
            .default([]),
        }),
      ),
    }),
  ),
});

const marks = z.looseObject({
  metadata: z.looseObject({ continue: z.string().optional() }).optional(),
  // The server writes null for a list without entries.
  items: z
    .array(
      z.looseObject({
        metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).nullish() }),
      }),
    )
    .nullish()
    .transform((items) => items ?? []),
});

/** Reads what types a cluster has, and which objects of them, by name and labels. */
export class Inventory implements Disposable {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async of(kubeconfigPath: string): Promise<Inventory> {
    return new Inventory(await connectionFrom(kubeconfigPath));
  }

  /** In the order in which the server names them: its own types first. */
  async types(signal: AbortSignal): Promise<readonly ListedType[]> {
    const [core, groups] = await Promise.all([
      this.#get('/api', DISCOVERY, signal),
      this.#get('/apis', DISCOVERY, signal),
    ]);
    return [...discovered.parse(core.body).items, ...discovered.parse(groups.body).items].flatMap(
      ({ metadata, versions }) => {
        const group = metadata?.name ?? '';
        // The server's preferred version of a group comes first; a type counts once.
        const seen = new Set<string>();
        return versions.flatMap(({ version, resources }) =>
          resources.flatMap(
            ({ resource, responseKind, scope, singularResource, shortNames = [], verbs }): ListedType[] => {
              if (seen.has(resource) || !verbs.includes('list')) return [];
              seen.add(resource);
              const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
              const kind = responseKind?.kind ?? resource;
              const namespaced = scope === 'Namespaced';
              return [
                {
                  name: dotted(resource, group),
                  kind: dotted(kind, group),
                  namespaced,
                  aliases: [...(singularResource === undefined ? [] : [singularResource]), ...shortNames],
                  path: (namespace) =>
                    namespaced ? `${root}/namespaces/${namespace}/${resource}` : `${root}/${resource}`,
                },
              ];
            },
          ),
        );
      },
    );
  }

  /** The objects of a type, page by page. A type that has gone away in the meantime has none. */
  async *objects(path: string, labelSelector: string | undefined, signal: AbortSignal): AsyncGenerator<ObjectMark> {
    for (let from: string | undefined = ''; from !== undefined; ) {
      const query = new URLSearchParams({ limit: `${PAGE_SIZE}` });
      if (labelSelector !== undefined) query.set('labelSelector', labelSelector);
      if (from !== '') query.set('continue', from);
      const { status, body } = await this.#get(`${path}?${query}`, MARKS, signal);
      if (status === 404 || status === 405) return;
      if (status !== 200) throw unanswered(path, `HTTP ${status}`);
      const page: z.output<typeof marks> = marks.parse(body);
      for (const { metadata } of page.items) yield { name: metadata.name, labels: metadata.labels ?? {} };
      const next: string | undefined = page.metadata?.continue;
      from = next === '' ? undefined : next;
    }
  }

  [Symbol.dispose](): void {
    this.#connection.agent.destroy();
  }

  async #get(path: string, accept: string, signal: AbortSignal): Promise<{ status: number; body: unknown }> {
    const { server, agent, headers } = this.#connection;
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: unknown }>();
    request(new URL(path, server), { agent, headers: { ...headers, accept }, signal }, (answer) => {
      const { statusCode: status = 0 } = answer;
      text(answer)
        .then((body) => resolve({ status, body: status === 200 ? JSON.parse(body) : undefined }))
        .catch((error: unknown) => reject(unanswered(path, summaryOf(error), error)));
    })
      .on('error', (error) => reject(signal.aborted ? error : unanswered(path, summaryOf(error), error)))
      .end();
    return await promise;
  }
}

/** The harness's own question: whatever keeps it from being answered says nothing about the platform. */
const unanswered = (path: string, observed: string, cause?: unknown): NotProvableHereError =>
  new NotProvableHereError(
    {
      thing: `Kubernetes API, ${path}`,
      expected: 'a list of objects, to find those that the backup leaves out',
      observed,
      nextStep: 'Check whether the API server of the target is healthy, and run the drill again.',
    },
    { cause },
  );

const dotted = (name: string, group: string): string => (group === '' ? name : `${name}.${group}`);
