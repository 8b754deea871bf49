import { z } from 'zod';
import { ExplainedError } from './errors.ts';
import { aKind, fieldOf, formOf, type Issue, innermost, suggestion } from './text.ts';

/** Options of an author that do not fit their schema. */
export interface WrittenOptions {
  /** Name for a reader: `jetstream(…)`, `contract "orders"`. */
  readonly thing: string;
  readonly schema: z.ZodType;
  readonly options: unknown;
  readonly error: z.ZodError;
  readonly nextStep?: string;
  /** Name of the options as a whole; `the options` when left out. */
  readonly whole?: string;
}

/**
 * Parses the options with their schema.
 * @throws {ExplainedError} for options that are not well formed.
 */
export function parsedOptions<T extends z.ZodType>(
  thing: string,
  schema: T,
  options: unknown,
  nextStep?: string,
): z.output<T> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw optionsMistake({
    thing,
    schema,
    options,
    error: parsed.error,
    ...(nextStep === undefined ? {} : { nextStep }),
  });
}

/** Returns the error for options that are not well formed. It names the field, its form, and the value found. */
export function optionsMistake({ thing, schema, options, error, nextStep, whole }: WrittenOptions): ExplainedError {
  const issue = innermost(misspelt(error.issues) ?? error.issues[0]);
  const field = fieldOf(issue?.path ?? []);
  const isWhole = field === '';
  const found = valueAt(options, issue?.path ?? []);
  const isMissing = found === undefined && issue?.code === 'invalid_type';
  return new ExplainedError(
    {
      thing,
      ...describe(issue, { field: isWhole ? (whole ?? 'the options') : `\`${field}\``, found, schema }),
      nextStep: isMissing && !isWhole ? `Add \`${field}\`.` : (nextStep ?? 'Correct it in the contract.'),
    },
    { cause: error },
  );
}

/** Returns the unknown field of an object that also lacks a field. It counts as the missing one, misspelt. */
function misspelt([first, ...others]: readonly Issue[]): Issue | undefined {
  if (first?.code !== 'invalid_type') return undefined;
  const around = fieldOf(first.path.slice(0, -1));
  return others.find(({ code, path }) => code === 'unrecognized_keys' && fieldOf(path) === around);
}
interface Place {
  readonly field: string;
  readonly found: unknown;
  readonly schema: z.ZodType;
}

function describe(issue: Issue | undefined, place: Place): { readonly expected: string; readonly observed: string } {
  const { field, found, schema } = place;
  if (issue?.code === 'unrecognized_keys') {
    const known = namesIn(schema, issue.path);
    const [key = ''] = issue.keys;
    const shown = fieldOf([...issue.path, key]);
    return {
      expected: known.length === 0 ? 'no unknown field' : `the fields ${known.join(', ')}`,
      observed: `it has an unknown field "${shown}"${suggestion(key, known)}`,
    };
  }
  const observed = found === undefined ? 'there is none' : `it is ${shown(found, issue)}`;
  if (issue?.code === 'invalid_type') {
    // A schema may say more than the kind: a duration, not just a string.
    const kind = /^must be (.*)$/.exec(issue.message)?.[1] ?? aKind(issue.expected);
    return { expected: `${field} to be ${kind}`, observed };
  }
  if (issue?.code === 'invalid_value') {
    return { expected: `${field} to be one of ${issue.values.map(String).join(', ')}`, observed };
  }
  const message = (issue?.message ?? 'is wrong').replace(/^Invalid input: expected /, 'must be ');
  const form = /^must be (.*)$/.exec(message)?.[1] ?? formOf(issue);
  if (form !== undefined) return { expected: `${field} to be ${form}`, observed };
  return {
    expected: `a valid value for ${field}`,
    observed: `${field} ${/^(must|has|is) /.test(message) ? message : `is wrong: ${message}`}`,
  };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Reflect.get(current, key);
  }
  return current;
}

/** Fields whose values may be secret. A message shows only the kind of the value. */
const PRIVATE = ['environment', 'secrets', 'configMaps', 'data'];
const LONGEST_SHOWN = 60;

function shown(value: unknown, issue: Issue | undefined): string {
  const isPrivate = issue?.path.some((key) => PRIVATE.includes(String(key))) === true;
  const isShown = ['string', 'number', 'boolean'].includes(typeof value) && !isPrivate;
  const text = isShown ? JSON.stringify(value) : '';
  if (isShown && text.length <= LONGEST_SHOWN) return text;
  if (value === null) return 'null';
  return aKind(Array.isArray(value) ? 'array' : typeof value);
}

/** Returns the field names of the object at a place of a schema; none if it is no object with fixed fields. */
function namesIn(schema: unknown, path: readonly PropertyKey[]): readonly string[] {
  let current: unknown = unwrapped(schema);
  for (const key of path) {
    if (current instanceof z.ZodObject) current = unwrapped(Reflect.get(current.shape, key));
    else if (current instanceof z.ZodArray) current = unwrapped(current.element);
    else if (current instanceof z.ZodRecord) current = unwrapped(current.valueType);
    else return [];
  }
  if (current instanceof z.ZodObject) return Object.keys(current.shape);
  const names = current instanceof z.ZodRecord ? current.keyType : undefined;
  return names instanceof z.ZodEnum ? names.options.map(String) : [];
}

function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodReadonly) {
    return unwrapped(schema.unwrap());
  }
  if (schema instanceof z.ZodPrefault) return unwrapped(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.map(unwrapped).find((each) => each instanceof z.ZodObject);
  return schema instanceof z.ZodPipe ? unwrapped(schema.in) : schema;
}
