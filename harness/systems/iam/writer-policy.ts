import type { Comparison } from '../../model/comparison.ts';
import type { PostureDifference } from '../../model/posture.ts';
import { AccessDecider } from './access.ts';
import { callerNamed, TAG_LIKE, type Writer } from './facts.ts';
import { type KmsNeeds, kmsNeedsOf } from './kms-needs.ts';
import { isOfOlderLanguage, type Statement, statementsOf, variablesIn } from './policy-document.ts';
import {
  type CatalogueAction,
  otherRequests,
  type Request,
  type RequestMaterial,
  s3Requests,
  type WriterScope,
} from './requests.ts';
import { otherServiceActions, unknownServices, unpublishedActions } from './service-actions.ts';
import { loadPolicySimulator, type PolicySimulator } from './simulator.ts';
import { type DecidedRequests, decideRequests, inOrder } from './writer-requests.ts';

export interface NamedDocument {
  readonly name: string;
  readonly document: unknown;
  /** Duplicate names in an object of its text; absent if it was not read from a text. */
  readonly repeated?: readonly string[];
}

export interface WriterPolicyQuestion {
  /** Name of the policy in messages. */
  readonly name: string;
  /** All policy documents of the writer, as parsed JSON. */
  readonly documents: readonly NamedDocument[];
  /** The writer's needs, one scope per bucket. */
  readonly scopes: readonly WriterScope[];
  readonly writer: Writer;
  /** Default encryption of the buckets, in the form of `put-bucket-encryption`; undefined if unknown. */
  readonly encryption?: unknown;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/**
 * Compares identity policies with exactly what their writer needs. Each request is decided as IAM would, under every combination of the
 * conditions that the documents name.
 * @throws {ExplainedError} if the policy simulator is not installed.
 */
export async function decideWriterPolicy(question: WriterPolicyQuestion): Promise<Comparison> {
  return (await evaluateWriter(question)).comparison;
}

/** Decision of the documents, both compared with the writer's needs and for any single request. */
export interface WriterEvaluation {
  readonly comparison: Comparison;
  /** Undefined if IAM refuses a document. */
  readonly decided: DecidedWriter | undefined;
}

export interface DecidedWriter {
  readonly access: AccessDecider;
  readonly statements: readonly Statement[];
  readonly partition: string;
  /** Name of the writer; if none is given, the name with which its policy permits most of its work. */
  readonly callerName: string;
  /** Policy variables that the documents use. */
  readonly variables: readonly string[];
  /** Values of the writer's variables, by their names in lower case. */
  readonly facts: Readonly<Record<string, string>>;
  readonly catalogue: readonly CatalogueAction[];
  /** True if a document has no version, or the version before policy variables. */
  readonly isOlderLanguage: boolean;
}

/** @throws {ExplainedError} if the policy simulator is not installed. */
export async function evaluateWriter(question: WriterPolicyQuestion): Promise<WriterEvaluation> {
  const { name, documents } = question;
  const simulator = await loadPolicySimulator();
  const among = (each: string): string => (each === name ? '' : `${each}, `);
  const repeated = documents.flatMap((each) => (each.repeated ?? []).map((one) => `${among(each.name)}${one}`));
  if (repeated.length > 0) return { comparison: ambiguous(name, repeated), decided: undefined };
  const problems = documents.flatMap(({ name: each, document }) =>
    [...simulator.problemsOf('identity', document), ...tooLong(document, question.writer)].map(
      (one) => `${among(each)}${one}`,
    ),
  );
  if (problems.length > 0) return { comparison: refused(name, problems), decided: undefined };
  const statements = namedStatements(name, documents);
  const catalogue = await simulator.catalogue('s3');
  const mistaken = await mistakesIn(question.scopes, simulator);
  const scopes = await Promise.all(
    question.scopes.map(async (scope) => ({ ...scope, may: await expanded(scope.may, simulator) })),
  );
  const made = await decideAll({ ...question, scopes }, statements, simulator);
  const differences = [...mistaken, ...inOrder(made.differences)];
  const comparison = {
    of: 'requests',
    compared: mistaken.length + made.compared,
    differences,
    undecided: [
      ...made.undecided,
      ...unknownServices(statements, simulator).map(({ name: statement, service }) => ({
        item: `${statement} of ${name}`,
        reason: `it allows actions of "${service}", a service that publishes no list of them`,
        cause: 'statement-undecided',
      })),
    ],
    evidence: { policy: name, 'actions of S3': String(catalogue.length), ...made.evidence },
    notVerified: [
      ...made.dependsOn,
      ...made.notJudged,
      ...(await unpublishedActions(statements, simulator)),
      ...(question.writer.name === undefined
        ? ['other policies of the writer (the contract names no user or role)']
        : []),
      'boundaries, service control policies and sessions of the real account',
      'policies of the bucket, its access points and its keys',
    ],
  };
  const isOlderLanguage = documents.some(({ document }) => isOfOlderLanguage(document));
  return { comparison, decided: { ...made.decided, statements, catalogue, isOlderLanguage } };
}

/**
 * Maximum characters of a policy, without the spaces between its parts: a managed one, and an inline one of a role
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
 */
const LONGEST_MANAGED = 6_144;
const LONGEST_OF_ROLE = 10_240;

function tooLong(document: unknown, { kind, name }: Writer): readonly string[] {
  const characters = JSON.stringify(document)?.length ?? 0;
  const most = kind === 'user' && name !== undefined ? LONGEST_MANAGED : LONGEST_OF_ROLE;
  return characters > most ? [`Policy has ${characters} characters, and IAM takes ${most} at most`] : [];
}

interface Decided extends DecidedRequests {
  readonly decided: Omit<DecidedWriter, 'statements' | 'catalogue' | 'isOlderLanguage'>;
  readonly evidence: Readonly<Record<string, string>>;
}

/** Decides for the name that permits most of the work: a policy with variables is meant for a certain caller. */
async function decideAll(
  question: WriterPolicyQuestion,
  statements: readonly Statement[],
  simulator: PolicySimulator,
): Promise<Decided> {
  const texts = statements.flatMap(({ resources, conditions }) => [
    ...resources,
    ...conditions.flatMap(({ values }) => values),
  ]);
  const variables = variablesIn(texts);
  let best: Decided | undefined;
  for (const partition of partitionsIn(statements)) {
    for (const tag of namesToTry(question, variables)) {
      const callerName = question.writer.name ?? tag;
      const decided = await decideFor({ ...question, statements, simulator, variables, partition, callerName, tag });
      if (best === undefined || lacks(decided) < lacks(best)) best = decided;
      if (lacks(best) === 0) return best;
    }
  }
  if (best === undefined) throw new Error('a policy was decided for no partition and no name');
  return best;
}

const lacks = ({ differences }: DecidedRequests): number => differences.filter(({ isExcess }) => !isExcess).length;

interface OneCaller extends WriterPolicyQuestion {
  readonly statements: readonly Statement[];
  readonly simulator: PolicySimulator;
  readonly variables: readonly string[];
  readonly partition: string;
  readonly callerName: string;
  /** Value of the writer's tags, and of other facts that only its requests reveal. */
  readonly tag: string;
}

async function decideFor(given: OneCaller): Promise<Decided> {
  const { statements, simulator, scopes, partition, callerName, writer, now, signal, name } = given;
  const { tag, variables } = given;
  const account = accountOf(scopes);
  const caller = callerNamed(callerName, writer, partition, variables, { tag, ...(account && { account }) });
  const access = new AccessDecider({ simulator, statements, caller, nowMs: now.getTime(), isOfResource: false });
  const material: RequestMaterial = { scopes, statements, variables: caller.facts, partition };
  const kms = kmsNeedsOf(given.encryption, statements, scopes, { partition, variables: caller.facts });
  const requests: Request[] = [...s3Requests(material, await simulator.catalogue('s3'))];
  for (const entry of await otherServiceActions(access, statements, scopes, kms.actions, simulator, signal)) {
    requests.push(...otherRequests(entry, material, (action, resource) => workOf(kms, action, resource)));
  }
  requests.push(...kmsRequests(kms, await simulator.catalogue('kms')));
  const decided = await decideRequests({ requests, access, name, signal });
  const isGuessed = writer.name === undefined && variables.some((each) => each.toLowerCase() in caller.facts);
  const tags = writer.name === undefined ? [] : variables.filter((each) => TAG_LIKE.test(each));
  const isOfAccount = account !== undefined && variables.some((each) => /^aws:PrincipalAccount$/i.test(each));
  const mentionsKms =
    given.encryption === undefined &&
    statements.some(({ conditions }) => conditions.some(({ values }) => values.includes('aws:kms')));
  const byOwnKey = mentionsKms && kms.keys.length === 0;
  return {
    ...decided,
    decided: { access, partition, callerName, variables, facts: caller.facts },
    dependsOn: [
      ...(byOwnKey
        ? ["that S3's own KMS key encrypts the backups: another key needs KMS permissions (state `encryption`)"]
        : []),
      ...(isGuessed ? [`that the writer is called ${callerName}, as the variables of the policy need it`] : []),
      ...tags.map((each) => `that ${each} of the writer is ${tag}, as its policy needs it`),
      ...(isOfAccount ? [`that the writer belongs to account ${account}, which the name of the bucket holds`] : []),
      ...decided.dependsOn,
    ],
    evidence: kms.keys.length === 0 ? {} : { 'KMS key': kms.keys.join(', ') },
  };
}

/** For a key that encrypts the backups, other uses of the data key are part of the work. */
const workOf = ({ keys, actions }: KmsNeeds, action: string, resource: string): 'unknown' | undefined =>
  keys.includes(resource) && (actions.includes(action) || KMS_USE.test(action)) ? 'unknown' : undefined;

const KMS_USE = /^kms:(Encrypt|Decrypt|ReEncrypt(From|To)|GenerateDataKey(WithoutPlaintext)?|DescribeKey)$/;

function* kmsRequests({ keys, actions }: KmsNeeds, catalogue: Parameters<typeof s3Requests>[1]): Generator<Request> {
  for (const entry of catalogue.filter(({ action }) => actions.includes(action))) {
    for (const resource of keys) {
      const region = /^arn:[^:]*:kms:([a-z]+(?:-[a-z]+)+-\d):/.exec(resource)?.[1];
      // KMS sets it, because the writer's requests come through S3 in the region of the key.
      const fixed = region === undefined ? {} : { 'kms:ViaService': `s3.${region}.amazonaws.com` };
      yield { entry, resource, fixed, expected: 'allowed', oneOf: `${entry.action} on the key` };
    }
  }
}

function namedStatements(policy: string, documents: WriterPolicyQuestion['documents']): readonly Statement[] {
  return documents.flatMap(({ name, document }) =>
    statementsOf(document).map((each) => (name === policy ? each : { ...each, name: `${each.name} of ${name}` })),
  );
}

function partitionsIn(statements: readonly Statement[]): ReadonlySet<string> {
  const arns = statements.flatMap(({ resources }) =>
    resources.flatMap((each) => /^arn:([a-z][a-z-]*):/.exec(each)?.[1] ?? []),
  );
  return new Set(arns.length === 0 ? ['aws'] : arns);
}

function namesToTry({ writer, scopes }: WriterPolicyQuestion, variables: readonly string[]): readonly string[] {
  const isTagged = variables.some((each) => /^aws:PrincipalTag\//i.test(each));
  if (writer.name !== undefined && !isTagged) return [writer.name];
  if (variables.length === 0) return ['writer'];
  const parts = scopes.flatMap(({ prefix, bucket }) => [
    ...prefix.split('/'),
    prefix.replace(/\/$/, ''),
    ...bucket.split('-'),
    bucket,
  ]);
  return [...new Set(['writer', ...parts.filter((part) => part !== '')])];
}

/** Buckets are often named after their account. */
const accountOf = (scopes: readonly WriterScope[]): string | undefined =>
  scopes.flatMap(({ bucket }) => /(?<!\d)\d{12}(?!\d)/.exec(bucket)?.[0] ?? [])[0];

/** Expands a list of actions in which `*` matches any characters, as in a policy. */
async function expanded(may: readonly string[], simulator: PolicySimulator): Promise<readonly string[]> {
  const actions: string[] = [];
  for (const written of may) {
    if (!written.includes('*')) actions.push(written);
    else actions.push(...(await actionsLike(written, simulator)));
  }
  return [...new Set(actions)];
}

async function actionsLike(written: string, simulator: PolicySimulator): Promise<readonly string[]> {
  const [service = ''] = written.split(':');
  const pattern = new RegExp(`^${written.split('*').join('.*')}$`, 'i');
  return (await simulator.catalogue(service)).map(({ action }) => action).filter((action) => pattern.test(action));
}

async function mistakesIn(
  scopes: readonly WriterScope[],
  simulator: PolicySimulator,
): Promise<readonly PostureDifference[]> {
  const mistakes: PostureDifference[] = [];
  for (const action of new Set(scopes.flatMap(({ may }) => may))) {
    const [service = ''] = action.split(':');
    const known = await actionsLike(action, simulator);
    if (action.includes('*') ? known.length > 0 : known.includes(action)) continue;
    mistakes.push({
      item: action,
      expected: `an action of ${service === 's3' ? 'S3' : service}`,
      found: 'there is no action of that name',
      nextStep: 'Correct `may` in the contract.',
      cause: 'contract-mistake',
    });
  }
  return mistakes;
}

/** Returns the finding for a document with duplicate names: IAM refuses it, or keeps one of the two. */
function ambiguous(name: string, repeated: readonly string[]): Comparison {
  return {
    of: 'policy rules',
    compared: repeated.length,
    differences: repeated.map((found) => ({
      item: name,
      expected: 'each name to stand once in its object',
      found,
      nextStep: 'Write it once, with both contents if both are meant: a parser keeps only one of the two.',
      isCause: true,
      cause: 'policy-rejected',
    })),
    evidence: { policy: name },
    notVerified: ['what it allows'],
  };
}

/** Returns the finding for a document that IAM refuses: none of it is in force. */
export function refused(name: string, problems: readonly string[]): Comparison {
  return {
    of: 'policy rules',
    compared: problems.length,
    differences: problems.map((problem) => ({
      item: name,
      expected: 'a document that IAM accepts',
      found: problem,
      nextStep: 'Correct the document: none of it is in force.',
      isCause: true,
      cause: 'policy-rejected',
    })),
    evidence: { policy: name },
    notVerified: ['what it allows'],
  };
}
