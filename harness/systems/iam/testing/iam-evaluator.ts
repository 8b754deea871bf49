// IAM's decision, written from the published rules alone, independent of the simulator and the code under test, as a reference for both:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html (Deny before Allow, both explicit),
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html (operators, absent keys),
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html (set operators),
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html (variables).

type Values = string | readonly string[];

export interface EvaluatedStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: Values;
  readonly NotAction?: Values;
  readonly Resource?: Values;
  readonly NotResource?: Values;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, Values>>>>;
}

export interface EvaluatedRequest {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, Values>>;
}

export function evaluate(statements: readonly EvaluatedStatement[], request: EvaluatedRequest): string {
  const matching = statements.filter((statement) => matches(statement, request));
  if (matching.some(({ Effect }) => Effect === 'Deny')) return 'denied by an explicit Deny';
  return matching.some(({ Effect }) => Effect === 'Allow') ? 'allowed' : 'denied';
}

const listOf = (values: Values): readonly string[] => (typeof values === 'string' ? [values] : values);

function matches(statement: EvaluatedStatement, request: EvaluatedRequest): boolean {
  const { Action, NotAction, Resource, NotResource, Condition = {} } = statement;
  const action = request.action.toLowerCase();
  const inAction = listOf(Action ?? NotAction ?? []).some((each) => glob(each.toLowerCase(), action));
  if (inAction !== (Action !== undefined)) return false;
  const lookUp = contextOf(request);
  const inResource = listOf(Resource ?? NotResource ?? []).map((each) =>
    resourceMatches(each, request.resource, lookUp),
  );
  // A variable without a value makes either element match nothing.
  if (NotResource !== undefined && inResource.includes(undefined)) return false;
  if (inResource.includes(true) !== (Resource !== undefined)) return false;
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => holds(operator, key, listOf(values), lookUp)),
  );
}

type LookUp = (key: string) => Values | undefined;

function contextOf({ context }: EvaluatedRequest): LookUp {
  const byName = new Map(Object.entries(context).map(([key, value]) => [key.toLowerCase(), value]));
  return (key) => byName.get(key.toLowerCase());
}

function resourceMatches(pattern: string, resource: string, lookUp: LookUp): boolean | undefined {
  if (pattern === '*') return true;
  const parts = tokensOf(pattern, lookUp);
  return parts === undefined ? undefined : globTokens(parts, resource);
}

/** Characters of a policy's text: `*` and `?` of the policy are wildcards, those in a variable's value are not. */
type Token = { readonly literal: string } | { readonly any: 'one' | 'many' };

function tokensOf(text: string, lookUp: LookUp, wildcards = true): readonly Token[] | undefined {
  const tokens: Token[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const end = text.startsWith('${', index) ? text.indexOf('}', index) : -1;
    if (end > 0) {
      const value = variable(text.slice(index + 2, end), lookUp);
      if (value === undefined) return undefined;
      tokens.push(...[...value].map((literal) => ({ literal })));
      index = end;
    } else if (wildcards && text[index] === '*') tokens.push({ any: 'many' });
    else if (wildcards && text[index] === '?') tokens.push({ any: 'one' });
    else tokens.push({ literal: text.charAt(index) });
  }
  return tokens;
}

function variable(inside: string, lookUp: LookUp): string | undefined {
  if (inside === '*' || inside === '?' || inside === '$') return inside;
  const [name = '', written] = inside.split(/,\s*/);
  const value = lookUp(name.trim());
  return typeof value === 'string' ? value : written?.slice(1, -1);
}

const glob = (pattern: string, text: string): boolean =>
  globTokens(
    [...pattern].map(
      (each): Token => (each === '*' ? { any: 'many' } : each === '?' ? { any: 'one' } : { literal: each }),
    ),
    text,
  );

/** Matches with a table: which prefixes of the text match each prefix of the pattern. */
function globTokens(tokens: readonly Token[], text: string): boolean {
  let reached = new Set([0]);
  for (const token of tokens) {
    const next = new Set<number>();
    for (const at of reached) {
      if ('literal' in token) {
        if (text.charAt(at) === token.literal) next.add(at + 1);
      } else if (token.any === 'one') {
        if (at < text.length) next.add(at + 1);
      } else for (let end = at; end <= text.length; end += 1) next.add(end);
    }
    reached = next;
  }
  return reached.has(text.length);
}

function holds(written: string, key: string, values: readonly string[], lookUp: LookUp): boolean {
  const [, set, operator = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/.exec(written) ?? [];
  const found = lookUp(key);
  if (operator === 'Null') return values.includes(found === undefined ? 'true' : 'false');
  const isNegated = operator.includes('Not');
  if (set === 'ForAllValues') {
    return found === undefined || listOf(found).every((each) => compares(operator, each, values, lookUp));
  }
  if (set === 'ForAnyValue') {
    return found !== undefined && listOf(found).some((each) => compares(operator, each, values, lookUp));
  }
  if (found === undefined) return ifExists !== undefined || isNegated;
  // A key with several values needs a set operator.
  return typeof found === 'string' && compares(operator, found, values, lookUp);
}

/** Compares one value of a request with the values of a condition: any must match, or none if the operator is negated. */
function compares(operator: string, found: string, values: readonly string[], lookUp: LookUp): boolean {
  const positive = operator.replace('Not', '');
  const some = values.some((value) => comparesOne(positive, found, value, lookUp));
  return operator.includes('Not') ? !some : some;
}

function comparesOne(operator: string, found: string, value: string, lookUp: LookUp): boolean {
  if (operator.startsWith('Numeric')) return ordered(operator.slice(7), Number(found), Number(value));
  if (operator.startsWith('Date')) return ordered(operator.slice(4), timeOf(found), timeOf(value));
  if (operator === 'IpAddress') return inRange(found, value);
  if (operator === 'Bool') return found.toLowerCase() === value.toLowerCase();
  const wildcards = operator === 'StringLike' || operator.startsWith('Arn');
  const tokens = tokensOf(operator.startsWith('Arn') && value === '*' ? 'arn:*:*:*:*:*' : value, lookUp, wildcards);
  if (tokens === undefined) return false;
  if (operator !== 'StringEqualsIgnoreCase') return globTokens(tokens, found);
  const lower = tokens.map((token) => ('literal' in token ? { literal: token.literal.toLowerCase() } : token));
  return globTokens(lower, found.toLowerCase());
}

function ordered(relation: string, found: number, value: number): boolean {
  if (relation === 'Equals') return found === value;
  if (relation === 'LessThan') return found < value;
  if (relation === 'LessThanEquals') return found <= value;
  return relation === 'GreaterThan' ? found > value : found >= value;
}

/** Parses ISO 8601, or seconds since 1970. */
const timeOf = (text: string): number => (/^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text));

function inRange(address: string, range: string): boolean {
  const [base = '', length = '32'] = range.split('/');
  const [one, other] = [address, base].map(bitsOf);
  return one !== undefined && other !== undefined && one.slice(0, Number(length)) === other.slice(0, Number(length));
}

/** Returns the bits of an IPv4 address as text. */
function bitsOf(address: string): string | undefined {
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(address)) return undefined;
  return address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
}
