import { type KubernetesApi, KubernetesApiError } from '../../clients/kubernetes-api.ts';
import type { Clock } from '../../clock/clock.ts';
import { ExplainedError } from '../../model/errors.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { collectionPath, type ResourceType } from './discovery.ts';
import { FIELD_MANAGER } from './names.ts';
import type { ManifestObject } from './objects.ts';

const READINESS_BUDGET_MS = 30_000;

export interface Applying {
  readonly api: KubernetesApi;
  readonly types: readonly ResourceType[];
  readonly namespace: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Applies the object like `kubectl apply`: creates it, or sets the fields of an existing one (the ServiceAccount `default`,
 * a ConfigMap that a controller has already made). It waits while the API server asks for a retry: for a quota that is not in force
 * yet, for the account of a pod, for a type that is not served yet.
 */
export async function applyObject(place: Applying, object: ManifestObject): Promise<void> {
  const { api, types, namespace, clock, signal } = place;
  const path = collectionPath(typeOf(object, types), namespace);
  await untilAccepted(`${object.kind} ${object.metadata.name}`, { clock, signal }, async (lookSignal) => {
    const here = { ...object, metadata: { ...object.metadata, namespace } };
    try {
      await api.create(path, here, lookSignal);
    } catch (error) {
      if (!(error instanceof KubernetesApiError && error.reason === 'AlreadyExists')) throw error;
      await api.apply(`${path}/${object.metadata.name}`, here, FIELD_MANAGER, lookSignal);
    }
  });
}

/** Repeats a request while the API server refuses it as too early. @throws any other refusal. */
export async function untilAccepted(
  what: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  ask: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const { refusal } = await waitFor(
    {
      for: `the API server to accept ${what}`,
      budgetMs: READINESS_BUDGET_MS,
      intervalMs: 100,
      look: async (lookSignal) => {
        try {
          await ask(lookSignal);
          return arrived({ refusal: undefined });
        } catch (error) {
          if (error instanceof KubernetesApiError && isTooEarly(error)) return notYet(error.message, error);
          return arrived({ refusal: error });
        }
      },
    },
    clock,
    signal,
  );
  if (refusal !== undefined) throw explained(what, refusal);
}

/** Messages of kube-apiserver: plugin/pkg/admission/{resourcequota,serviceaccount}. */
const TOO_EARLY = /status unknown for quota|error looking up service account/;

function isTooEarly({ status, reason, message }: KubernetesApiError): boolean {
  if (status === 403) return TOO_EARLY.test(message);
  return status === 404 || status === 429 || status >= 500 || (status === 409 && reason === 'Conflict');
}

function explained(what: string, error: unknown): unknown {
  if (!(error instanceof KubernetesApiError && isOverQuota(error))) return error;
  return new ExplainedError(
    {
      thing: what,
      expected: 'to find room under the ResourceQuota of its namespace',
      observed: error.message,
      nextStep:
        'The manifests declare more than their own quota allows; Kubernetes counts the ConfigMap kube-root-ca.crt, which every namespace gets, as well.',
      cause: 'quota-used-up',
    },
    { cause: error },
  );
}

export const isOverQuota = ({ status, message }: KubernetesApiError): boolean =>
  status === 403 && message.includes('exceeded quota');

/** Returns the API path of the object. @throws {ExplainedError} when the API serves no such type in a namespace. */
export const servedPath = (object: ManifestObject, types: readonly ResourceType[], namespace: string): string =>
  `${collectionPath(typeOf(object, types), namespace)}/${object.metadata.name}`;

/** Returns group, version and plural of the object's type. @throws {ExplainedError} when the API serves no such type in a namespace. */
function typeOf(
  object: ManifestObject,
  types: readonly ResourceType[],
): Pick<ResourceType, 'group' | 'version' | 'plural'> {
  const [group, version] = object.apiVersion.includes('/') ? object.apiVersion.split('/', 2) : ['', object.apiVersion];
  const type = types.find((candidate) => candidate.group === group && candidate.kind === object.kind);
  if (type === undefined || version === undefined) {
    throw cannotSeed(object, `the API serves no ${object.kind} in ${object.apiVersion}`);
  }
  if (!type.namespaced) throw cannotSeed(object, `${object.kind} belongs to the whole cluster`);
  return { group: type.group, version, plural: type.plural };
}

function cannotSeed({ kind, metadata }: ManifestObject, observed: string): ExplainedError {
  return new ExplainedError({
    thing: `${kind} ${metadata.name}`,
    expected: 'an object that lives in a namespace, of a type that the API serves',
    observed,
    nextStep: 'Leave it out of the manifests, or add the CRD that defines it.',
  });
}
