import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { AccessDecider, type AskedRequest } from './access.ts';
import { callerNamed } from './facts.ts';
import { type Statement, statementsOf, variablesIn } from './policy-document.ts';
import { otherRequests, type RequestMaterial, s3Requests } from './requests.ts';
import { otherServiceActions, unknownServices } from './service-actions.ts';
import { loadPolicySimulator, type PolicySimulator } from './simulator.ts';

/** A user with everything that says what it may do. */
interface RightsHolder {
  readonly user: string;
  readonly documents: readonly unknown[];
}

export interface ComparedRights {
  /** Requests that the second one may make and the first one may not, one for each action; in words. */
  readonly added: readonly string[];
  /** Requests that only the first one may make. */
  readonly lost: readonly string[];
  /** What could not be decided, in words. */
  readonly undecided: readonly string[];
}

export interface RightsQuestion {
  readonly before: RightsHolder;
  readonly after: RightsHolder;
  /** Where the work is done: places around it are looked at besides those that the documents name. */
  readonly place: { readonly bucket: string; readonly prefix: string };
  readonly now: Date;
  readonly signal: AbortSignal;
}

const NOTHING: ComparedRights = { added: [], lost: [], undecided: [] };
/** Requests that are decided before timers and signals get their turn. */
const AT_A_TIME = 100;

/**
 * What two users may do, by evaluation of their documents: each action of S3, and those of the other services that the documents name,
 * on the things that they name and on those around the place of the work, under any condition.
 * @throws {ExplainedError} when the policy simulator is not installed and the documents differ.
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
