import { ExplainedError } from '../../model/errors.ts';
import { expand } from '../../procedure-kit/author-environment.ts';
import type { Container, Content, Variable } from './spec.ts';

/** What a container's variables are read from, beside its own manifest. */
export interface Sources {
  readonly configMaps: ReadonlyMap<string, Content>;
  readonly secrets: ReadonlyMap<string, Content>;
  /** For `fieldRef`, by path, e.g. `metadata.namespace`. */
  readonly fields: ReadonlyMap<string, string>;
}

export interface ContainerEnvironment {
  readonly variables: ReadonlyMap<string, string>;
  /** Names of the manifest whose value the drill's own took the place of. */
  readonly replaced: readonly string[];
}

/**
 * The variables of a container as Kubernetes makes them: `envFrom` first, then `env` in its order, each `$(NAME)` replaced by what is known by
 * then. A variable of the drill takes the place of the manifest's, so that those made of it follow.
 * @throws {ExplainedError} for a reference that must be there and is not: such a container never starts.
 */
export function environmentOf(
  container: Container,
  sources: Sources,
  drill: ReadonlyMap<string, string>,
): ContainerEnvironment {
  const variables = new Map(drill);
  const replaced = new Set<string>();
  const set = (name: string, value: string) => {
    if (drill.has(name)) replaced.add(name);
    else variables.set(name, value);
  };
  for (const { prefix, configMapRef, secretRef } of container.envFrom) {
    for (const [key, value] of wholeOf('ConfigMap', configMapRef, sources.configMaps, container)) {
      set(`${prefix}${key}`, value.toString('utf8'));
    }
    for (const [key, value] of wholeOf('Secret', secretRef, sources.secrets, container)) {
      set(`${prefix}${key}`, value.toString('utf8'));
    }
  }
  for (const variable of container.env) {
    const value = variableValue(variable, sources, container, variables);
    if (value === undefined) continue;
    set(variable.name, value);
  }
  return { variables, replaced: [...replaced] };
}

function variableValue(
  { name, value, valueFrom }: Variable,
  sources: Sources,
  container: Container,
  known: ReadonlyMap<string, string>,
): string | undefined {
  if (valueFrom === undefined) return expand(value ?? '', known);
  const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom;
  if (secretKeyRef !== undefined) return entryOf('Secret', secretKeyRef, sources.secrets, container);
  if (configMapKeyRef !== undefined) return entryOf('ConfigMap', configMapKeyRef, sources.configMaps, container);
  const field = fieldRef === undefined ? undefined : sources.fields.get(fieldRef.fieldPath);
  if (field !== undefined) return field;
  throw new ExplainedError({
    thing: `variable ${name} of container ${container.name}`,
    expected: 'a value, a Secret, a ConfigMap, or the name or namespace of the pod',
    observed: `it is taken from ${fieldRef === undefined ? Object.keys(valueFrom).join(', ') : fieldRef.fieldPath}`,
    nextStep: 'Name it in `environment` of cronJob({ … }), or drill it where pods run (--target docker).',
  });
}

interface Reference {
  readonly name: string;
  readonly optional: boolean;
}

function wholeOf(
  kind: string,
  reference: Reference | undefined,
  all: ReadonlyMap<string, Content>,
  container: Container,
): Content {
  if (reference === undefined) return new Map();
  const content = all.get(reference.name);
  if (content !== undefined) return content;
  if (reference.optional) return new Map();
  throw neverStarts(`${kind} ${reference.name}`, container, kind);
}

function entryOf(
  kind: string,
  reference: Reference & { readonly key: string },
  all: ReadonlyMap<string, Content>,
  container: Container,
): string | undefined {
  const value = all.get(reference.name)?.get(reference.key);
  if (value !== undefined) return value.toString('utf8');
  if (reference.optional) return undefined;
  throw neverStarts(`${reference.key} of ${kind} ${reference.name}`, container, kind);
}

function neverStarts(what: string, container: Container, kind: string): ExplainedError {
  return new ExplainedError({
    thing: `container ${container.name}`,
    expected: what,
    observed: 'the manifests hold none, and it is not optional, so the pod would never start',
    nextStep:
      kind === 'Secret'
        ? 'If your cluster gets it from elsewhere, state its content in `secrets` of cronJob({ … }).'
        : 'Add it to the manifests.',
  });
}
