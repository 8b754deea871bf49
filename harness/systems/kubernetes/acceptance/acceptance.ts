import { type KubernetesApi, NAMESPACES } from '../../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../../clients/kubernetes-object.ts';
import type { Assurance } from '../../../model/record.ts';
import { isOfTheHarness } from '../names.ts';

/** The result of examining one thing in restored objects. */
export interface Examined {
  /** E.g. "dashboard api.json in ConfigMap platform". */
  readonly what: string;
  /** Why it would be refused; undefined if it is accepted. */
  readonly problem: string | undefined;
  /** A short description of the accepted thing. */
  readonly seen: string;
}

/** Examines objects one after the other. It may remember earlier ones, because two things can conflict. */
export interface Examiner {
  see(object: KubernetesObject): readonly Examined[];
}

/** A user program of objects in the namespace, which refuses invalid ones even if they were restored faithfully. */
export interface Acceptance {
  /** E.g. "Grafana dashboards in ConfigMaps labelled grafana_dashboard". */
  readonly description: string;
  /** The plural of a core resource. */
  readonly resource: 'configmaps' | 'secrets';
  readonly labelSelector: string;
  examiner(): Examiner;
}

const SHOWN = 20;

/** Examines the current content of the namespace. Holds one object at a time and the first few results. */
export async function assuranceOf(
  acceptance: Acceptance,
  api: KubernetesApi,
  namespace: string,
  signal: AbortSignal,
): Promise<Assurance> {
  const examiner = acceptance.examiner();
  const path = `${NAMESPACES}/${namespace}/${acceptance.resource}`;
  const [refused, accepted]: [Assurance['observed'], Assurance['observed']] = [[], []];
  let [checked, failed] = [0, 0];
  for await (const object of api.list(path, signal, acceptance.labelSelector)) {
    if (isOfTheHarness(object.metadata)) continue;
    for (const { what, problem, seen } of examiner.see(object)) {
      checked += 1;
      if (problem !== undefined) failed += 1;
      const list = problem === undefined ? accepted : refused;
      if (list.length < SHOWN) list.push({ what, held: problem === undefined, observed: problem ?? seen });
    }
  }
  const observed = [...refused, ...accepted].slice(0, SHOWN);
  const notListed = checked - observed.length;
  return { promise: 'acceptance', what: acceptance.description, checked, failed, observed, notListed };
}
