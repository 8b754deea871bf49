import { comparisonOf } from '../../model/comparison.ts';
import type { ComparisonObservation, PostureDifference } from '../../model/posture.ts';
import { bucketArn, bucketsNamedIn, objectArn, type Request, requestsOf, type WriterScope } from './requests.ts';
import { type Decision, loadPolicySimulator, type PolicySimulator } from './simulator.ts';

/**
 * Whether an identity policy allows exactly what its writer needs. Each request is decided as IAM would.
 * @param document the policy as parsed JSON, from wherever.
 * @param scopes what it needs, in one bucket each.
 * @throws {ExplainedError} when the policy simulator is not installed.
 */
export async function compareWriterPolicy(
  name: string,
  document: unknown,
  scopes: readonly WriterScope[],
  signal: AbortSignal,
): Promise<ComparisonObservation> {
  const simulator = await loadPolicySimulator();
  const problems = simulator.problemsOf('identity', document);
  if (problems.length > 0) return refused(name, problems);
  const catalogue = await simulator.catalogue('s3');
  const unknown = scopes
    .flatMap(({ may }) => may)
    .filter((action) => !catalogue.some((entry) => entry.action === action));
  const unheardOf: PostureDifference[] = unknown.map((action) => ({
    item: action,
    expected: 'an action that S3 knows',
    found: 'it knows none of that name',
    nextStep: 'Correct `may` in the contract.',
  }));
  const decided = await decideAll(
    simulator,
    name,
    document,
    requestsOf(scopes, catalogue, bucketsNamedIn(document)),
    signal,
  );
  const compared = unknown.length + decided.compared;
  const differences = [...unheardOf, ...decided.differences];
  return comparisonOf({
    of: 'requests',
    compared,
    // What is allowed and must not be comes first: it is the worse of the two.
    differences: differences.toSorted(
      (one, other) => Number(one.found !== 'allowed') - Number(other.found !== 'allowed'),
    ),
    evidence: { policy: name, 'actions of S3': String(catalogue.length) },
    notVerified: ['boundaries, service control policies and sessions of the real account'],
  });
}

/** Each request as IAM decides it, against what was expected of it. */
export async function decideAll(
  simulator: PolicySimulator,
  name: string,
  document: unknown,
  requests: Iterable<Request>,
  signal: AbortSignal,
): Promise<{ readonly compared: number; readonly differences: readonly PostureDifference[] }> {
  const differences: PostureDifference[] = [];
  let compared = 0;
  for (const request of requests) {
    signal.throwIfAborted();
    compared += 1;
    const decision = await simulator.decide(request, { identity: document });
    if ((decision === 'allowed') !== request.allowed) differences.push(differenceOf(request, decision, name));
  }
  return { compared, differences };
}

/**
 * Whether a bucket's own policy refuses every request that is not encrypted on its way, and every request that nobody signed,
 * and lets those of the account through that are.
 */
export async function compareTransportPolicy(
  name: string,
  document: unknown,
  { bucket, prefix }: Pick<WriterScope, 'bucket' | 'prefix'>,
  signal: AbortSignal,
): Promise<ComparisonObservation> {
  const simulator = await loadPolicySimulator();
  const problems = simulator.problemsOf('resource', document);
  if (problems.length > 0) return refused(name, problems);
  const differences: PostureDifference[] = [];
  let compared = 0;
  for (const { action, resources } of await simulator.catalogue('s3')) {
    const targets = resources.flatMap(({ type }) =>
      type === 'bucket' ? [bucketArn(bucket)] : type === 'object' ? [objectArn(bucket, `${prefix}backup.tar`)] : [],
    );
    for (const resource of targets) {
      for (const kind of transportKinds) {
        signal.throwIfAborted();
        compared += 1;
        const wrong = await transportDifference(simulator, document, kind, action, resource);
        if (wrong !== undefined) differences.push(wrong);
      }
    }
  }
  return comparisonOf({ of: 'requests', compared, differences, evidence: { policy: name }, notVerified: [] });
}

const ALLOWS_ALL = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] };

const transportKinds = [
  { how: 'over plain HTTP', secure: 'false', anonymous: false, expected: 'denied by an explicit Deny' },
  { how: 'over TLS', secure: 'true', anonymous: false, expected: 'allowed' },
  { how: 'over TLS, unsigned', secure: 'true', anonymous: true, expected: 'denied' },
] as const;

async function transportDifference(
  simulator: PolicySimulator,
  document: unknown,
  { how, secure, anonymous, expected }: (typeof transportKinds)[number],
  action: string,
  resource: string,
): Promise<PostureDifference | undefined> {
  const found = await simulator.decide(
    { action, resource, context: { 'aws:SecureTransport': secure } },
    anonymous ? { resource: document, anonymous } : { resource: document, identity: ALLOWS_ALL },
  );
  const isDenied = found !== 'allowed';
  if (found === expected || (expected === 'denied' && isDenied)) return undefined;
  return {
    item: `${action} on ${resource} ${how}`,
    expected,
    found,
    nextStep: isDenied ? 'Deny less in the bucket policy.' : 'Deny it in the bucket policy.',
  };
}

function differenceOf(
  { action, resource, allowed, context }: Request,
  found: Decision,
  name: string,
): PostureDifference {
  const prefix = context['s3:prefix'];
  const listing = prefix === undefined ? '' : ` with prefix "${prefix}"`;
  return {
    item: `${action} on ${resource}${listing}`,
    expected: allowed ? 'allowed' : 'denied',
    found,
    nextStep: allowed ? `Allow it in ${name}.` : `Narrow ${name} so that it does not.`,
  };
}

function refused(name: string, problems: readonly string[]): ComparisonObservation {
  return comparisonOf({
    of: 'policy rules',
    compared: problems.length,
    differences: problems.map((problem) => ({
      item: name,
      expected: 'a document that IAM accepts',
      found: problem,
      nextStep: 'Correct the document: nothing that it says is in force.',
      isCause: true,
    })),
    evidence: { policy: name },
    notVerified: ['what it allows'],
  });
}
