import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { AccessDecider, type AskedRequest } from './access.ts';
import { callerNamed } from './facts.ts';
import { type Statement, statementsOf, variablesIn } from './policy-document.ts';
import { otherRequests, type RequestMaterial, s3Requests } from './requests.ts';
import { otherServiceActions, unknownServices } from './service-actions.ts';
import { loadPolicySimulator, type PolicySimulator } from './simulator.ts';

/** A user with all its policy documents. */
interface RightsHolder {
  readonly user: string;
  readonly documents: readonly unknown[];
}

export interface ComparedRights {
  /** Requests that only the second user may make, one per action, in words. */
  readonly added: readonly string[];
  /** Requests that only the first user may make. */
  readonly lost: readonly string[];
  /** Undecided requests, in words. */
  readonly undecided: readonly string[];
}

export interface RightsQuestion {
  readonly before: RightsHolder;
  readonly after: RightsHolder;
  /** Place of the work. The comparison also covers the places around it, besides those that the documents name. */
  readonly place: { readonly bucket: string; readonly prefix: string };
  readonly now: Date;
  readonly signal: AbortSignal;
}

const NOTHING: ComparedRights = { added: [], lost: [], undecided: [] };
/** Number of requests decided before timers and signals get their turn. */
const AT_A_TIME = 100;

/**
 * Compares the rights of two users by evaluating their documents: each action of S3, and those of other services in the documents, on the
 * named resources and on those around the place of the work, under any condition.
 * @throws {ExplainedError} if the policy simulator is not installed and the documents differ.
 */
export async function compareRights(question: RightsQuestion): Promise<ComparedRights> {
  const { before, after, signal } = question;
  if (before.user === after.user && isSameSet(before.documents, after.documents)) return NOTHING;
  const simulator = await loadPolicySimulator();
  const problems = after.documents.flatMap((document) => simulator.problemsOf('identity', document));
  if (problems.length > 0)
    return { ...NOTHING, undecided: problems.map((each) => `IAM accepts no such policy: ${each}`) };
  const one = holderOf(before, question, simulator);
  const other = holderOf(after, question, simulator);
  const added = new Map<string, string>();
  const lost = new Map<string, string>();
  const known = unknownServices(one.statements, simulator).map(({ service }) => service);
  const undecided = new Set(
    unknownServices(other.statements, simulator)
      .filter(({ service }) => !known.includes(service))
      .map(({ service }) => `actions of "${service}", a service that publishes no list of them`),
  );
  let decided = 0;
  for (const request of [
    ...(await requestsOf(one, simulator, signal)),
    ...(await requestsOf(other, simulator, signal)),
  ]) {
    decided += 1;
    if (decided % AT_A_TIME === 0) await setImmediate(undefined, { signal });
    const { action } = request.entry;
    const [was, is] = [one.access.decide(request), other.access.decide(request)];
    for (const { name } of [...was.undecided, ...is.undecided])
      undecided.add(`${action}: ${name} has too many conditions`);
    const [could, can] = [was.allowed.length > 0, is.allowed.length > 0];
    if (can && !could && !added.has(action)) added.set(action, inWords(request));
    if (could && !can && !lost.has(action)) lost.set(action, inWords(request));
  }
  return { added: [...added.values()], lost: [...lost.values()], undecided: [...undecided] };
}

interface Holder {
  readonly statements: readonly Statement[];
  readonly access: AccessDecider;
  readonly material: RequestMaterial;
}

function holderOf(
  { user, documents }: RightsHolder,
  { place, now }: RightsQuestion,
  simulator: PolicySimulator,
): Holder {
  const statements = documents.flatMap(statementsOf);
  const texts = statements.flatMap(({ resources, conditions }) => [
    ...resources,
    ...conditions.flatMap(({ values }) => values),
  ]);
  const partition = 'aws';
  const caller = callerNamed(user, { kind: 'user', name: user }, partition, variablesIn(texts));
  return {
    statements,
    access: new AccessDecider({ simulator, statements, caller, nowMs: now.getTime(), isOfResource: false }),
    material: { scopes: [{ ...place, may: [] }], statements, variables: caller.facts, partition },
  };
}

async function requestsOf(
  { statements, access, material }: Holder,
  simulator: PolicySimulator,
  signal: AbortSignal,
): Promise<readonly AskedRequest[]> {
  const others = await otherServiceActions(access, statements, material.scopes, [], simulator, signal);
  return [
    ...s3Requests(material, await simulator.catalogue('s3')),
    ...others.flatMap((entry) => [...otherRequests(entry, material, () => undefined)]),
  ];
}

function inWords({ entry, resource, fixed }: AskedRequest): string {
  const conditions = Object.entries(fixed).map(([key, value]) =>
    value === undefined ? `without ${key}` : `with ${key} ${JSON.stringify(value)}`,
  );
  return [`${entry.action} on ${resource}`, ...conditions].join(' ');
}

const isSameSet = (some: readonly unknown[], others: readonly unknown[]): boolean =>
  some.every((one) => others.some((other) => isDeepStrictEqual(one, other))) &&
  others.every((other) => some.some((one) => isDeepStrictEqual(one, other)));
