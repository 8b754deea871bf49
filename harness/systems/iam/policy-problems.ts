import { z } from 'zod';

// Problems for which IAM refuses the policy of a user or role, besides those that the policy library finds. Each rule is from
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html or from an answer of IAM to such a document.

const texts = z.union([z.string().transform((one) => [one]), z.array(z.string())]).catch([]);
const statementSchema = z.looseObject({
  Sid: z.string().optional().catch(undefined),
  Action: z.unknown().optional(),
  NotAction: z.unknown().optional(),
  Resource: texts.optional(),
  NotResource: texts.optional(),
  Condition: z.record(z.string(), z.unknown()).optional().catch(undefined),
});
type Written = z.output<typeof statementSchema>;
const documentSchema = z.looseObject({
  Statement: z.union([z.array(statementSchema), statementSchema.transform((one) => [one])]),
});

const OPERATOR =
  /^(For(AllValues|AnyValue):)?((String(Not)?(Equals|EqualsIgnoreCase|Like)|Numeric(Not)?Equals|Numeric(Less|Greater)Than(Equals)?|Date(Not)?Equals|Date(Less|Greater)Than(Equals)?|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?|Null)$/i;

/** @returns one sentence with the place for each rule that the document breaks. */
export function identityProblems(document: unknown): readonly string[] {
  const parsed = documentSchema.safeParse(document);
  // The library reports documents of another form.
  if (!parsed.success) return [];
  const { Statement } = parsed.data;
  return [...repeatedSids(Statement), ...Statement.flatMap((each, index) => problemsIn(each, `Statement[${index}]`))];
}

function repeatedSids(statements: readonly Written[]): readonly string[] {
  const sids = statements.flatMap(({ Sid }) => (Sid === undefined || Sid === '' ? [] : [Sid]));
  const repeated = new Set(sids.filter((sid, index) => sids.indexOf(sid) !== index));
  return [...repeated].map((sid) => `Statement: the Sid "${sid}" stands more than once, and each must be unique`);
}

function problemsIn(statement: Written, place: string): readonly string[] {
  const { Sid = '', Action, NotAction, Resource = [], NotResource = [], Condition = {} } = statement;
  const problems: string[] = [];
  if (!/^[0-9A-Za-z]*$/.test(Sid)) problems.push(`${place}.Sid: "${Sid}" has other characters than letters and digits`);
  for (const [name, value] of Object.entries({ Action, NotAction, Resource: statement['Resource'] })) {
    if (Array.isArray(value) && value.length === 0) problems.push(`${place}.${name}: the list is empty`);
  }
  for (const resource of [...Resource, ...NotResource]) {
    if (!/^(arn:|[*?]|\$\{)/.test(resource)) {
      problems.push(`${place}: the resource "${resource}" is neither an ARN nor "*"`);
    }
  }
  for (const operator of Object.keys(Condition)) {
    if (!OPERATOR.test(operator)) problems.push(`${place}.Condition: IAM knows no operator "${operator}"`);
  }
  return problems;
}
