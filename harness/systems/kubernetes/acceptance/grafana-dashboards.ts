import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { KubernetesObject } from '../../../clients/kubernetes-object.ts';
import { parsedOptions } from '../../../model/options-mistake.ts';
import type { Acceptance, Examined, Examiner } from './acceptance.ts';

const optionsSchema = z.strictObject({
  /** The label by which Grafana's sidecar finds the ConfigMaps. */
  label: z.string().min(1).default('grafana_dashboard'),
});
export type GrafanaDashboardOptions = z.input<typeof optionsSchema>;

/**
 * Grafana as the user of ConfigMaps with dashboards: its sidecar writes each `*.json` key of the ConfigMaps with the label
 * into a file, and Grafana provisions the files. A dashboard is accepted when it is valid by the schema that Grafana publishes
 * (@grafana/schema), and when provisioning would take it: a title, a uid of at most 40 letters, digits, "-" and "_",
 * and no uid and no title twice (grafana/grafana pkg/services/provisioning/dashboards, pkg/services/dashboards).
 * @throws {ExplainedError} for an unknown option.
 */
export function grafanaDashboards(options: GrafanaDashboardOptions = {}): Acceptance {
  const { label } = parsedOptions('grafanaDashboards(…)', optionsSchema, options);
  return {
    description: `Grafana, for dashboards in ConfigMaps labelled ${label}`,
    resource: 'configmaps',
    labelSelector: label,
    examiner: () => new DashboardExaminer(),
  };
}

const UID = /^[A-Za-z0-9_-]{0,40}$/;
const configMap = z.looseObject({ data: z.record(z.string(), z.string()).default({}) });
const named = z.looseObject({ title: z.string().trim().min(1), uid: z.string().optional() });

class DashboardExaminer implements Examiner {
  readonly #uids = new Map<string, string>();
  readonly #titles = new Map<string, string>();

  see(object: KubernetesObject): readonly Examined[] {
    const files = Object.entries(configMap.parse(object).data).filter(([name]) => name.endsWith('.json'));
    const owner = `ConfigMap ${object.metadata.name}`;
    if (files.length === 0) {
      return [{ what: owner, problem: 'it carries the label and holds no dashboard (no key ends in .json)', seen: '' }];
    }
    return files.map(([name, text]) => this.#examine(`dashboard ${name} in ${owner}`, text));
  }

  #examine(what: string, text: string): Examined {
    const refuse = (problem: string): Examined => ({ what, problem, seen: '' });
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      return refuse(`it is not JSON (${error instanceof Error ? error.message : String(error)})`);
    }
    const dashboard = dashboardSchema().safeParse(json);
    if (!dashboard.success) return refuse(problemOf(dashboard.error));
    const naming = named.safeParse(json);
    if (!naming.success) return refuse('its title is empty');
    const { title, uid } = naming.data;
    if (uid !== undefined && !UID.test(uid)) {
      return refuse(`its uid "${uid}" is not at most 40 letters, digits, "-" and "_"`);
    }
    const [sameUid, sameTitle] = [uid === undefined ? undefined : this.#uids.get(uid), this.#titles.get(title)];
    if (sameUid !== undefined) return refuse(`its uid "${uid}" is also that of ${sameUid}`);
    if (sameTitle !== undefined) return refuse(`its title "${title}" is also that of ${sameTitle}`);
    if (uid !== undefined) this.#uids.set(uid, what);
    this.#titles.set(title, what);
    return { what, problem: undefined, seen: `accepted: "${title}"` };
  }
}

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];
const jsonObject = z.record(z.string(), z.unknown());
let loaded: z.ZodType | undefined;

function dashboardSchema(): z.ZodType {
  if (loaded === undefined) {
    const text = readFileSync(new URL('./grafana-dashboard.schema.json', import.meta.url), 'utf8');
    loaded = z.fromJSONSchema(nullsLeftOut(JSON.parse(text)) as JsonSchema);
  }
  return loaded;
}

/** Removes nulls. Grafana reads `null` as "not set" in optional fields, and also writes it (`"gnetId": null`). */
function nullsLeftOut(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(nullsLeftOut);
  const parsed = jsonObject.safeParse(schema);
  if (!parsed.success) return schema;
  const required = z.array(z.string()).catch([]).parse(parsed.data['required']);
  return Object.fromEntries(
    Object.entries(parsed.data).map(([name, value]) => {
      const properties = name === 'properties' ? jsonObject.safeParse(value) : undefined;
      if (properties?.success !== true) return [name, nullsLeftOut(value)];
      const relaxed = Object.entries(properties.data).map(([property, inner]) => [
        property,
        required.includes(property) ? nullsLeftOut(inner) : { anyOf: [nullsLeftOut(inner), { type: 'null' }] },
      ]);
      return [name, Object.fromEntries(relaxed)];
    }),
  );
}

/** Returns the deepest reason with its place: of several alternatives, the one that matched furthest was meant. */
function problemOf(error: z.ZodError): string {
  const [deepest] = error.issues
    .flatMap((issue) => leaves(issue, []))
    .toSorted((a, b) => b.path.length - a.path.length);
  if (deepest === undefined) return 'it is not a valid dashboard';
  const place = deepest.path.map(String).join('.');
  return `${place === '' ? 'it' : `its field ${place}`} is not valid by Grafana's schema: ${deepest.message}`;
}

interface Leaf {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function leaves(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): Leaf[] {
  const path = [...above, ...issue.path];
  const inner = issue.code === 'invalid_union' ? issue.errors.flat().flatMap((each) => leaves(each, path)) : [];
  return inner.length > 0 ? inner : [{ path, message: issue.message }];
}
