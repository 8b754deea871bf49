import { existsSync } from 'node:fs';
import { z } from 'zod';
import { type Secrets, SecretValue, SHORTEST_SECRET_CHARACTERS } from '../model/secrets.ts';

/** A shorter value of this process's environment equals or stands in an author's value by chance. */
const SHORTEST_EQUAL = 8;
const SHORTEST_CONTAINED = 12;

/** A variable as a contract gives it: text, or `secret(…)`. */
const authorValue = z.union([z.string(), z.instanceof(SecretValue)]);
export const authorEnvironment = z.record(z.string(), authorValue);
export type AuthorEnvironment = z.output<typeof authorEnvironment>;

export interface AuthorVariables {
  readonly values: ReadonlyMap<string, string>;
  /** The names of those whose values may be recorded, because the drill made all of them. */
  readonly recordable: ReadonlySet<string>;
}

/**
 * The values of an author's variables, their `$(NAME)` references replaced by what the drill knows. What they came from decides what a
 * text may show: `secret(…)`, the password in a URL, and a value that the contract read from the environment of this process are secret.
 * Any other value is left out of the record and out of listings of variables.
 * @throws {ExplainedError} for a secret without a value.
 */
export function authorVariables(
  environment: AuthorEnvironment,
  known: ReadonlyMap<string, string>,
  secrets: Secrets,
): AuthorVariables {
  const values = new Map<string, string>();
  const recordable = new Set<string>();
  for (const [name, given] of Object.entries(environment)) {
    const value = given instanceof SecretValue ? given.reveal(name) : expand(given, known);
    values.set(name, value);
    if (given instanceof SecretValue) secrets.add(value, `secret(…) of variable ${name}`);
    else if (isMadeByDrill(given, known)) recordable.add(name);
    else addOrigins(name, value, secrets);
  }
  return { values, recordable };
}

/** The value of a `secrets` entry: always secret, however it is written. */
export const revealed = (given: string | SecretValue, name: string, known: ReadonlyMap<string, string>): string =>
  given instanceof SecretValue ? given.reveal(name) : expand(given, known);

/** Nothing but references to what the drill knows, and characters that join them. */
function isMadeByDrill(given: string, known: ReadonlyMap<string, string>): boolean {
  const names = references(given);
  return (
    names.length > 0 && names.every((name) => known.has(name)) && /^[\s:/,.@-]*$/.test(expand(given, nothingFor(names)))
  );
}

const nothingFor = (names: readonly string[]): ReadonlyMap<string, string> => new Map(names.map((name) => [name, '']));

function addOrigins(name: string, value: string, secrets: Secrets): void {
  secrets.addCredentialsOf(value, `variable ${name} of the contract`);
  for (const read of valuesOfProcess(name, value))
    secrets.add(read, `environment of this process, by variable ${name}`);
  secrets.addUndeclared(name, value);
}

/**
 * What of a value the contract has read from the environment of this process: a contract that writes `process.env.GPG_PASSPHRASE` keeps
 * the value out of its text, so a record must not show it either. A path that is there on this machine is none.
 */
function valuesOfProcess(name: string, value: string): readonly string[] {
  return Object.entries(process.env).flatMap(([variable, read = '']) => {
    const isRead =
      (variable === name && read.length >= SHORTEST_SECRET_CHARACTERS && read === value) ||
      (read.length >= SHORTEST_EQUAL && read === value) ||
      (read.length >= SHORTEST_CONTAINED && value.includes(read));
    return isRead && !existsSync(read) ? [read] : [];
  });
}

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
