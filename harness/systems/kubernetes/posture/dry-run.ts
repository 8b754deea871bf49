import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Scope } from '../../../base/scope.ts';
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  KubernetesApi,
  KubernetesApiError,
  NAMESPACES,
} from '../../../clients/kubernetes-api.ts';
import { summaryOf } from '../../../model/errors.ts';
import type { PostureDifference } from '../../../model/posture.ts';
import type { Step } from '../../../model/step.ts';
import { arrived, notYet, waitFor } from '../../../wait/wait.ts';
import { SESSION_LABEL } from '../access.ts';
import { collectionPath, discoverTypes, type ResourceType } from '../discovery.ts';
import type { ManifestObject } from '../objects.ts';

export interface DryRun {
  readonly objects: number;
  readonly refused: readonly PostureDifference[];
}

const SERVED_BUDGET_MS = 30_000;
const definitionSpec = z.looseObject({
  spec: z.looseObject({ group: z.string(), names: z.looseObject({ kind: z.string(), plural: z.string() }) }),
});

/**
 * Returns the real API's answer to each object in a server-side dry run, definitions first. Objects of a missing namespace are tried in a
 * temporary one. Custom resources are tried against a copy of their definition under a separate group, because all users of a shared API
 * share its definitions.
 */
export async function dryRunAll(
  kubeconfigPath: string,
  sessionId: string,
  objects: readonly ManifestObject[],
  step: Step,
): Promise<DryRun> {
  using api = new KubernetesApi(kubeconfigPath);
  await using scratch = new Scratch(api, sessionId, step);
  await scratch.prepare(objects);
  const types = await scratch.types();
  const refused: PostureDifference[] = [];
  for (const object of objects) {
    const found = await refusalOf(api, await scratch.placed(object), types, step.signal);
    if (found === undefined) continue;
    refused.push({
      item: nameOf(object),
      expected: 'accepted by the API server',
      found,
      nextStep: 'Correct the manifest.',
    });
  }
  return { objects: objects.length, refused };
}

class Scratch implements AsyncDisposable {
  readonly #api: KubernetesApi;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #step: Step;
  readonly #id = `dr-posture-${randomBytes(4).toString('hex')}`;
  readonly #namespaces = new Map<string, string>();
  /** Maps group and kind of a definition in the manifests to the group of its copy. */
  readonly #groups = new Map<string, string>();
  readonly #made: Scope;
  #declared: readonly ManifestObject[] = [];

  constructor(api: KubernetesApi, sessionId: string, step: Step) {
    this.#api = api;
    this.#step = step;
    this.#made = new Scope({ what: 'trial of the manifests', clock: step.clock, releaseBudgetMs: SERVED_BUDGET_MS });
    this.#labels = { [SESSION_LABEL]: sessionId };
  }

  async prepare(objects: readonly ManifestObject[]): Promise<void> {
    this.#declared = objects.filter(({ kind }) => kind === 'Namespace');
    const customKinds = new Set(objects.map((object) => `${groupOf(object)}/${object.kind}`));
    for (const definition of objects.filter(({ kind }) => kind === 'CustomResourceDefinition')) {
      const parsed = definitionSpec.safeParse(definition);
      if (!parsed.success) continue;
      const { group, names } = parsed.data.spec;
      if (!customKinds.has(`${group}/${names.kind}`)) continue;
      await this.#copy(definition, group, names);
    }
  }

  async types(): Promise<readonly ResourceType[]> {
    const wanted = [...this.#groups.values()];
    return await waitFor(
      {
        for: 'the API to serve the copies of the definitions',
        budgetMs: SERVED_BUDGET_MS,
        look: async (signal) => {
          const types = await discoverTypes(this.#api, signal);
          const lacking = wanted.find((group) => !types.some((type) => type.group === group));
          return lacking === undefined ? arrived(types) : notYet(`it does not serve ${lacking}`);
        },
      },
      this.#step.clock,
      this.#step.signal,
    );
  }

  /** Returns the object, adapted to a place where it can be tried. */
  async placed(object: ManifestObject): Promise<ManifestObject> {
    const { namespace } = object.metadata;
    const group = this.#groups.get(`${groupOf(object)}/${object.kind}`);
    const apiVersion = group === undefined ? object.apiVersion : `${group}/${versionOf(object)}`;
    if (namespace === undefined) return { ...object, apiVersion };
    return { ...object, apiVersion, metadata: { ...object.metadata, namespace: await this.#standIn(namespace) } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#made[Symbol.asyncDispose]();
  }

  /** Registers a removal. It ignores the run's signal, because an interrupted run must also remove its objects. */
  #removeLater(path: string): void {
    this.#made.defer(path, (signal) => this.#api.delete(path, signal));
  }

  async #standIn(namespace: string): Promise<string> {
    const known = this.#namespaces.get(namespace);
    if (known !== undefined) return known;
    const { signal } = this.#step;
    const declared = this.#declared.find(({ metadata }) => metadata.name === namespace);
    const live = await this.#api.findObject(`${NAMESPACES}/${namespace}`, signal);
    const name = live === undefined && declared !== undefined ? `${this.#id}-${this.#namespaces.size}` : namespace;
    this.#namespaces.set(namespace, name);
    if (name !== namespace) {
      this.#removeLater(`${NAMESPACES}/${name}`);
      const labels = { ...declared?.metadata.labels, ...this.#labels };
      await this.#api.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }, signal);
    }
    return name;
  }

  async #copy(definition: ManifestObject, group: string, names: { readonly kind: string; readonly plural: string }) {
    const copyGroup = `${this.#id}.${group}`;
    const name = `${names.plural}.${copyGroup}`;
    this.#groups.set(`${group}/${names.kind}`, copyGroup);
    const spec = { ...definitionSpec.parse(definition).spec, group: copyGroup };
    const { annotations: _, ...metadata } = definition.metadata;
    const copy = { ...definition, metadata: { ...metadata, name, labels: this.#labels }, spec };
    this.#removeLater(`${CUSTOM_RESOURCE_DEFINITIONS}/${name}`);
    try {
      await this.#api.create(CUSTOM_RESOURCE_DEFINITIONS, copy, this.#step.signal);
    } catch (error) {
      // A refused definition is reported when it is tried itself.
      if (!(error instanceof KubernetesApiError)) throw error;
      this.#groups.delete(`${group}/${names.kind}`);
    }
  }
}

async function refusalOf(
  api: KubernetesApi,
  object: ManifestObject,
  types: readonly ResourceType[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const group = groupOf(object);
  const type = types.find((each) => each.group === group && each.kind === object.kind);
  if (type === undefined) return `the API serves no ${object.kind} of ${object.apiVersion}`;
  const place = { ...type, version: versionOf(object) };
  const namespace = type.namespaced ? (object.metadata.namespace ?? 'default') : undefined;
  try {
    await api.dryRun(`${collectionPath(place, namespace)}/${object.metadata.name}`, object, signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof KubernetesApiError)) throw error;
    return summaryOf(error);
  }
}

const groupOf = ({ apiVersion }: ManifestObject): string =>
  apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
const versionOf = ({ apiVersion }: ManifestObject): string => apiVersion.split('/').at(-1) ?? apiVersion;

const nameOf = ({ kind, metadata }: ManifestObject): string =>
  `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
