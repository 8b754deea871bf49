import { z } from 'zod';
import type { Secrets } from './secrets.ts';

/** Fields that name a part of the record. Another part refers to them, or code compares them with a word of its own. */
const IDENTIFIERS: ReadonlySet<string> = new Set([
  'name',
  'drillId',
  'runId',
  'sessionId',
  'system',
  'target',
  'lane',
  'stage',
  'phase',
  'kind',
  'cron',
  'timeZone',
  'variables',
]);

/**
 * A copy of a record in which no text holds a secret value. Numbers, words of a fixed set, dates and names stay as they are, so that a
 * verdict on the copy is the verdict on the original.
 */
export function redactRecord<T extends z.ZodType>(schema: T, record: z.output<T>, secrets: Secrets): z.output<T> {
  const identifiers = new Set<string>();
  walk(schema, record, '', (text, key) => {
    if (IDENTIFIERS.has(key)) identifiers.add(text);
    return text;
  });
  return walk(schema, record, '', (text) => (identifiers.has(text) ? text : secrets.redact(text))) as z.output<T>;
}

/** Rebuilds the value with every free text replaced; what the schema does not know is treated as free text, too. */
function walk(
  schema: z.core.$ZodType | undefined,
  value: unknown,
  key: string,
  replace: (text: string, key: string) => string,
): unknown {
  const known = inner(schema, value);
  if (typeof value === 'string') return isFixed(known) ? value : replace(value, key);
  if (Array.isArray(value)) {
    const element = known instanceof z.ZodArray ? known.element : undefined;
    return value.map((each) => walk(element, each, key, replace));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      const field =
        known instanceof z.ZodObject ? known.shape[name] : known instanceof z.ZodRecord ? known.valueType : undefined;
      return [name, walk(field, each, name, replace)];
    }),
  );
}

/** The schema of the value itself: of a union, the first part that it fits. */
function inner(schema: z.core.$ZodType | undefined, value: unknown): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return inner(schema.unwrap(), value);
  }
  if (!(schema instanceof z.ZodUnion)) return schema;
  return inner(
    schema.options.find((option) => z.safeParse(option, value).success),
    value,
  );
}

/** One of a fixed set of words, or a string in a form that a reader of the record relies on, such as a date. */
const isFixed = (schema: z.core.$ZodType | undefined): boolean =>
  schema instanceof z.ZodEnum || schema instanceof z.ZodLiteral || schema instanceof z.ZodStringFormat;
