import { stringify } from 'yaml';
import { z } from 'zod';
import { ContractMistakeError } from '../../model/errors.ts';
import type { ManifestObject } from '../../model/rendering.ts';
import { backupFilters, includesNamespace } from './filters.ts';
import { textOfConfigMap } from './manifest.ts';
import { type DrillScope, drillPolicy, hooksIn } from './template.ts';
import { parsedYaml } from './yaml.ts';

const reference = z.looseObject({ kind: z.string(), name: z.string() });

/** Fields of a RestoreSpec. Those that are not named here go to the API server as they are; it knows which there are. */
export const restoreOption = z.looseObject({
  backupName: z.never('is given by the drill').optional(),
  scheduleName: z.never('is given by the drill').optional(),
  namespaceMapping: z.never('is given by the drill').optional(),
  includedNamespaces: z.array(z.string()).optional(),
  excludedNamespaces: z.array(z.string()).optional(),
  resourceModifier: reference.optional(),
  resourcePolicy: reference.optional(),
});

type Fields = Readonly<Record<string, unknown>>;
const REFERENCES = ['resourceModifier', 'resourcePolicy'] as const;

/** What a Restore says beside its backup, with the ConfigMaps that it names. */
export interface ParsedRestore {
  readonly fields: Fields;
  /** The text of each ConfigMap by the field that names it. */
  readonly texts: ReadonlyMap<(typeof REFERENCES)[number], string>;
}

/** @throws {ExplainedError} when it leaves out the namespace, or names a ConfigMap that is not in the manifests. */
export function parseRestore(
  option: z.output<typeof restoreOption>,
  production: string | undefined,
  manifest: string | undefined,
  objects: readonly ManifestObject[] | undefined,
): ParsedRestore {
  const { includedNamespaces = [], excludedNamespaces = [], ...fields } = option;
  const filters = { ...backupFilters.parse({}), includedNamespaces, excludedNamespaces };
  if (includedNamespaces.length + excludedNamespaces.length > 0) {
    if (production === undefined)
      throw wrong('it names namespaces, and no option says which of them is the asset’s', 'Add `namespace`.');
    if (!includesNamespace(filters, production)) throw wrong(`it leaves ${production} out`, 'Correct its namespaces.');
  }
  const texts = new Map<(typeof REFERENCES)[number], string>();
  for (const field of REFERENCES) {
    const named = option[field];
    if (named === undefined) continue;
    if (manifest === undefined)
      throw wrong(
        `${field} names ConfigMap ${named.name}, but no manifests are named that could have it`,
        'Add `manifest`.',
      );
    texts.set(
      field,
      textOfConfigMap(objects ?? [], {
        manifest,
        field: `restore.${field}`,
        name: named.name,
        namespace: undefined,
      }),
    );
  }
  return { fields, texts };
}

/** A ConfigMap that a drill's Restore names. */
export interface RestoreConfigMap {
  readonly name: string;
  readonly text: string;
}

/** The same for one drill: its namespace, and ConfigMaps under a name of its own. */
export function drillRestore(
  { fields, texts }: ParsedRestore,
  scope: DrillScope,
  name: string,
): { readonly fields: Fields; readonly configMaps: readonly RestoreConfigMap[] } {
  const references: Record<string, unknown> = {};
  const configMaps: RestoreConfigMap[] = [];
  for (const [field, text] of texts) {
    const own = `${name}-${field.toLowerCase()}`;
    references[field] = { kind: 'configmap', name: own };
    configMaps.push({
      name: own,
      text: field === 'resourcePolicy' ? (drillPolicy(text, [], scope) ?? text) : drillModifier(text, scope),
    });
  }
  const { hooks } = fields;
  return {
    fields: { ...fields, ...(hooks === undefined ? {} : { hooks: hooksIn(hooks, scope) }), ...references },
    configMaps,
  };
}

const modifierRules = z.looseObject({
  resourceModifierRules: z.array(
    z.looseObject({ conditions: z.looseObject({ namespaces: z.array(z.string()).nullish() }).nullish() }),
  ),
});

/** Rules of a resource modifier that are about the asset's namespace, for the drill's. */
function drillModifier(text: string, { production, namespace }: DrillScope): string {
  const parsed = modifierRules.safeParse(parsedYaml(text));
  // Velero is to refuse it, in its own words.
  if (!parsed.success) return text;
  const resourceModifierRules = parsed.data.resourceModifierRules.flatMap((rule) => {
    const namespaces = rule.conditions?.namespaces ?? [];
    if (namespaces.length === 0) return [rule];
    if (production === undefined) {
      throw wrong(
        'its resourceModifier names namespaces, and no option says which of them is the asset’s',
        'Add `namespace`.',
      );
    }
    return namespaces.includes(production)
      ? [{ ...rule, conditions: { ...rule.conditions, namespaces: [namespace] } }]
      : [];
  });
  return stringify({ ...parsed.data, resourceModifierRules });
}

function wrong(observed: string, nextStep: string): ContractMistakeError {
  return new ContractMistakeError({
    thing: 'veleroSchedule(…)',
    expected: '`restore` to restore the namespace',
    observed,
    nextStep,
  });
}
