/**
 * A text with its `$(NAME)` references replaced, as Kubernetes does it in `env`, `command` and `args`: `$$` is a plain `$`, and an unknown
 * name stays as it is written.
 * (https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/)
 */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([^()\s]+)\)/g, (written, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? written),
  );
}

/** Names that a text refers to as `$(NAME)`. */
export function references(text: string): readonly string[] {
  return [...text.matchAll(/\$\$|\$\(([^()\s]+)\)/g)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}
