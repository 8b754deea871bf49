import { z } from 'zod';

export interface Condition {
  /** Operator without its set operator and `IfExists`, e.g. `StringNotLike`. */
  readonly operator: string;
  readonly isSetOperator: boolean;
  readonly key: string;
  readonly values: readonly string[];
}

/** One statement of a policy, with single values as lists. */
export interface Statement {
  /** Name by which a reader finds it in the file: `statement 3 ("ReadAll")`, counted from 1. */
  readonly name: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  /** True if the statement applies to every action but these. */
  readonly isNotAction: boolean;
  readonly resources: readonly string[];
  readonly isNotResource: boolean;
  readonly conditions: readonly Condition[];
  /** ARNs, accounts or `*` of `Principal` or `NotPrincipal`; empty in an identity policy. */
  readonly principals: readonly string[];
  /** The statement as written in the document, for the simulator. */
  readonly written: Readonly<Record<string, unknown>>;
}

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const texts = z.union([scalar.transform((one) => [one]), z.array(scalar)]);
const statementSchema = z.looseObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: texts.optional(),
  NotAction: texts.optional(),
  Resource: texts.optional(),
  NotResource: texts.optional(),
  Principal: z.union([z.string(), z.record(z.string(), texts)]).optional(),
  NotPrincipal: z.union([z.string(), z.record(z.string(), texts)]).optional(),
  Condition: z.record(z.string(), z.record(z.string(), texts)).optional(),
});
const documentSchema = z.looseObject({
  Version: z.string().optional(),
  Statement: z.union([z.array(statementSchema), statementSchema.transform((one) => [one])]),
});

/**
 * Returns whether the document's version treats policy variables as literal text:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
 */
export const isOfOlderLanguage = (document: unknown): boolean =>
  documentSchema.parse(document).Version !== '2012-10-17';

/** Returns the statements of a document that IAM accepts. */
export function statementsOf(document: unknown): readonly Statement[] {
  const { Statement } = documentSchema.parse(document);
  const known = isOfOlderLanguage(document) ? z.array(statementSchema).parse(withoutVariables(Statement)) : Statement;
  return known.map((written, index) => {
    const { Sid, Effect, Action, NotAction, Resource, NotResource, Condition = {} } = written;
    const sid = Sid === undefined || Sid === '' ? '' : ` ("${Sid}")`;
    return {
      name: `statement ${index + 1}${sid}`,
      effect: Effect,
      actions: Action ?? NotAction ?? [],
      isNotAction: Action === undefined,
      resources: Resource ?? NotResource ?? [],
      isNotResource: Resource === undefined && NotResource !== undefined,
      conditions: conditionsOf(Condition),
      principals: principalsOf(written.Principal ?? written.NotPrincipal),
      written: {
        ...written,
        ...(written.Condition === undefined ? {} : { Condition: asTheSimulatorReads(Condition) }),
      },
    };
  });
}

/** Policy notation of a literal `$`, which begins no variable. */
const LITERAL_DOLLAR = ['$', '{$}'].join('');

/** In the older version of the language, `${…}` is literal text. */
function withoutVariables(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(/\$(?=\{(?![*?$]\}))/g, LITERAL_DOLLAR);
  if (Array.isArray(value)) return value.map(withoutVariables);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withoutVariables(child)]));
}

type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

function conditionsOf(conditions: Conditions): readonly Condition[] {
  return Object.entries(asTheSimulatorReads(conditions)).flatMap(([written, keys]) => {
    const isSetOperator = /^For(All|Any)Values?:/i.test(written);
    const operator = written.replace(/^For(All|Any)Values?:/i, '').replace(/IfExists$/i, '');
    return Object.entries(keys).map(([key, values]) => ({ operator, isSetOperator, key, values }));
  });
}

/**
 * Rewrites the conditions so that the simulator decides them as IAM does. iam-simulate 0.1.173 shifts by 32 bits for an IPv4 range of
 * length 0, which JavaScript treats as no shift, so 0.0.0.0/0 is one address. It finds an IPv6 address neither inside nor outside of a
 * single IPv4 address. It compares epoch seconds with milliseconds, and does not treat the ARN pattern "*" as an ARN.
 */
function asTheSimulatorReads(conditions: Conditions): Conditions {
  return Object.fromEntries(
    Object.entries(conditions).map(([operator, keys]) => [
      operator,
      Object.fromEntries(
        Object.entries(keys).map(([key, values]) => [key, values.flatMap((one) => read(operator, one))]),
      ),
    ]),
  );
}

function read(operator: string, value: string): readonly string[] {
  if (/IpAddress/i.test(operator) && /^[\d.]+\/0$/.test(value)) return ['0.0.0.0/1', '128.0.0.0/1'];
  if (/IpAddress/i.test(operator) && !value.includes('/')) return [`${value}/${value.includes(':') ? 128 : 32}`];
  if (/^(For\w+:)?Arn/i.test(operator) && /^\*+$/.test(value)) return ['arn:*:*:*:*:*'];
  if (/Date/i.test(operator) && /^\d{5,}$/.test(value)) return [new Date(Number(value) * 1_000).toISOString()];
  return [value];
}

function principalsOf(principal: string | Readonly<Record<string, readonly string[]>> | undefined): readonly string[] {
  if (principal === undefined) return [];
  return typeof principal === 'string' ? [principal] : (principal['AWS'] ?? []);
}

/** Returns the policy variables in texts of a policy, without those for a literal `*`, `?` or `$`. */
export function variablesIn(texts: Iterable<string>): readonly string[] {
  const found = [...texts].flatMap((text) => [...text.matchAll(/\$\{([^},]+)(?:,[^}]*)?\}/g)]);
  return [...new Set(found.map(([, name = '']) => name.trim()))].filter((name) => !['*', '?', '$'].includes(name));
}
