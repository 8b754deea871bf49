import type { PostureDifference, UndecidedItem } from '../../model/posture.ts';
import type { Access, AccessDecider, AllowedCase, Context } from './access.ts';
import { isTimeKey, timeMsOf } from './condition-values.ts';
import { hindersJob, rightFor } from './facts.ts';
import type { Statement } from './policy-document.ts';
import type { CatalogueAction, Request } from './requests.ts';

export interface WriterDifference extends PostureDifference {
  /** True if it is allowed but must not be. */
  readonly isExcess: boolean;
  readonly isReading: boolean;
  /** The responsible statement. */
  readonly by: string;
}

/** A request that the writer needs, with the policies' decision. */
export interface Need {
  readonly request: Request;
  readonly said: Access;
}

export interface Findings {
  readonly name: string;
  readonly access: AccessDecider;
  readonly entries: ReadonlyMap<string, CatalogueAction>;
  readonly differences: WriterDifference[];
  readonly undecided: Map<string, UndecidedItem>;
  readonly dependsOn: Set<string>;
}

/** Circumstances under which a need is allowed. */
interface NeedCase extends AllowedCase {
  readonly request: Request;
}

/** Judges the same action on many keys. If it is allowed on some only, it is unknown whether the writer uses the denied ones. */
export function judgeKeys(needs: readonly Need[], findings: Findings): void {
  const fulfilled = needs.filter((need) => casesOf([need]).some((each) => hindranceOf(each, findings) === undefined));
  if (fulfilled.length === 0) {
    judgeNeed(needs, findings);
    return;
  }
  for (const need of fulfilled) judgeNeed([need], findings);
  const lacking = needs.find((need) => !fulfilled.includes(need));
  if (lacking === undefined) return;
  const { request, said } = lacking;
  const [by] = said.deniedBy;
  const item = by === undefined ? findings.name : `${by.name} of ${findings.name}`;
  const reason = `${itemOf(request, {})} is not allowed, but it is allowed on other keys there: state in \`keys\` exactly which keys the writer uses`;
  findings.undecided.set(`${item} ${request.entry.action}`, { item, reason, cause: 'statement-undecided' });
}

const casesOf = (needs: readonly Need[]): readonly NeedCase[] =>
  needs.flatMap(({ request, said }) => said.allowed.map((each) => ({ request, ...each })));

/** Requires that an unattended job can make one of the requests, and records what the request must carry. */
export function judgeNeed(needs: readonly Need[], findings: Findings): void {
  const { name, access, differences, undecided, dependsOn } = findings;
  const cases = casesOf(needs).map((each) => ({ ...each, hindrance: hindranceOf(each, findings) }));
  const [easiest] = cases
    .filter(({ hindrance }) => hindrance === undefined)
    .toSorted((one, other) => sizeOf(one.context) - sizeOf(other.context));
  const [first] = needs;
  if (first === undefined) return;
  if (easiest === undefined) {
    const hindered = cases.find(({ hindrance }) => hindrance?.isCertain === true) ?? cases[0];
    if (hindered?.hindrance === undefined) {
      differences.push(lackOf(first, name));
      return;
    }
    const { request, context, by, hindrance } = hindered;
    const statement = askedBy(hindrance.key, by, needs);
    if (hindrance.isCertain) {
      differences.push({
        ...lackOf({ request, said: first.said }, name),
        found: hindrance.found ?? `denied, and allowed only${whenOf(context, request)}, but ${hindrance.why}`,
        nextStep: hindrance.nextStep ?? `Correct the condition on ${hindrance.key} in ${statement} of ${name}.`,
        by: statement,
      });
      return;
    }
    const item = `${statement} of ${name}`;
    const reason = `it lets the writer do ${request.entry.action} only${whenOf(context, request)}, but ${hindrance.why}`;
    undecided.set(item, { item, reason, cause: 'statement-undecided' });
    return;
  }
  for (const [key, value] of Object.entries(assumedIn(easiest.context, easiest.request))) {
    dependsOn.add(
      `that the writer's requests carry ${key} = ${String(value)}, as ${askedBy(key, easiest.by, needs)} asks`,
    );
  }
  for (const [statement, end] of endsOf(cases, needs, access.nowMs)) {
    dependsOn.add(
      `that the writer does not need ${first.request.entry.action} after ${end}, when ${statement} ends it`,
    );
  }
  const denied = needs.filter(({ said }) => said.allowed.length === 0);
  const listing = easiest.request.fixed['s3:prefix'];
  if (denied.length > 0 && listing !== undefined) dependsOn.add(`that the writer lists with prefix "${listing}" only`);
}

/** Reason why the writer cannot rely on circumstances under which a request is allowed. */
interface Hindrance {
  readonly key: string;
  /** True if the writer certainly cannot do it today; otherwise this is unknown. */
  readonly isCertain: boolean;
  readonly why: string;
  readonly found?: string;
  readonly nextStep?: string;
}

function hindranceOf({ request, context }: NeedCase, { access, entries, name }: Findings): Hindrance | undefined {
  const keys = Object.entries(context);
  for (const [key, value] of keys) {
    const why = hindersJob(key, value);
    if (why !== undefined) return { key, isCertain: false, why };
  }
  for (const [key] of keys) {
    // A job runs today, so a permission for another time is useless to it.
    if (isTimeKey(key)) {
      return {
        key,
        isCertain: true,
        why: 'denied today',
        found: `denied today, and allowed only${whenOf(context, request)}`,
      };
    }
  }
  for (const [key, value] of keys) {
    const right = rightFor(request.entry.action, key, value);
    const entry = right === undefined ? undefined : entries.get(right);
    if (right === undefined || entry === undefined) continue;
    const isHeld = access.decide({ ...request, entry }).allowed.some((each) => !hasHindrance(each.context));
    if (isHeld) continue;
    const nextStep = `Allow ${right} in ${name} and add it to \`may\`, or drop the condition on ${key}.`;
    return { key, isCertain: true, why: `that takes ${right}, which is denied`, nextStep };
  }
  return undefined;
}

const hasHindrance = (context: Context): boolean =>
  Object.entries(context).some(([key, value]) => isTimeKey(key) || hindersJob(key, value) !== undefined);

/** Returns statements that end today's permission at a later time. */
function endsOf(
  cases: readonly { readonly context: Context; readonly by: readonly Statement[] }[],
  needs: readonly Need[],
  nowMs: number,
): readonly (readonly [statement: string, end: string])[] {
  const allowedAtMs = cases.flatMap(({ context }) =>
    Object.entries(context).flatMap(([key, value]) => (isTimeKey(key) ? (timeMsOf(value) ?? []) : [])),
  );
  const statements = new Set([...cases.flatMap(({ by }) => by), ...needs.flatMap(({ said }) => said.deniedBy)]);
  return [...statements].flatMap((statement) =>
    statement.conditions
      .filter(({ key }) => isTimeKey(key))
      .flatMap(({ values }) => values)
      .flatMap((value) => {
        const endMs = timeMsOf(value);
        const isEnd = endMs !== undefined && !allowedAtMs.some((atMs) => atMs > endMs);
        return isEnd && endMs > nowMs ? [[statement.name, value] as const] : [];
      }),
  );
}

const sizeOf = (context: Context): number => Object.keys(assumedIn(context)).length;

/** Removes what every caller of the platform fulfils (TLS and the time) and what is part of the request. */
function assumedIn(context: Context, request?: Request): Context {
  const given = /^(aws:(securetransport|currenttime|epochtime)|s3:(prefix|objectcreationoperation))$/i;
  const assumed = Object.entries(context).filter(([key]) => !given.test(key) && !isFixed(key, request));
  return Object.fromEntries(assumed);
}

const isFixed = (key: string, request: Request | undefined): boolean =>
  Object.entries(request?.fixed ?? {}).some(
    ([name, value]) => value !== undefined && name.toLowerCase() === key.toLowerCase(),
  );

/** Returns the statement with a condition on a key. */
function askedBy(key: string, allowing: readonly Statement[], needs: readonly Need[]): string {
  return statementAbout(key, [...needs.flatMap(({ said }) => said.deniedBy), ...allowing]) ?? 'the policy';
}

export function statementAbout(key: string, statements: readonly Statement[]): string | undefined {
  const name = key.toLowerCase();
  return statements.find(({ conditions }) => conditions.some((each) => each.key.toLowerCase() === name))?.name;
}

/** Denying these actions protects backups from deletion, so such statements stay as they are. */
const PROTECTED_FROM =
  /:(Delete|Bypass|ScheduleKeyDeletion|DisableKey|PutLifecycle|PutBucketVersioning|PutReplication|PutBucketPolicy|PutObjectRetention|PutObjectLegalHold|PutBucketObjectLock)/;

function lackOf({ request, said }: Need, name: string): WriterDifference {
  const [by] = said.deniedBy;
  const { action } = request.entry;
  const isForbidden = said.notForbidden === undefined && by !== undefined;
  return {
    item: itemOf(request, {}),
    expected: 'allowed',
    found: isForbidden ? 'denied by an explicit Deny' : 'denied',
    nextStep: isForbidden ? deniedStep(action, by, name) : lackStep(action, said.conditional[0], name),
    cause: 'policy-lacks-permission',
    isExcess: false,
    isReading: request.entry.isReading,
    by: by?.name ?? 'no statement',
  };
}

/** @param conditional a statement that would allow it if its conditions held. */
function lackStep(action: string, conditional: Statement | undefined, name: string): string {
  const [condition] = conditional?.conditions ?? [];
  if (conditional !== undefined && condition !== undefined) {
    return `Correct the condition on ${condition.key} in ${conditional.name} of ${name}: no request of the writer fulfils it today.`;
  }
  const orByKey = action.startsWith('kms:') ? ' (the backups are encrypted with this key)' : '';
  return `Allow it in ${name}${orByKey}.`;
}

function deniedStep(action: string, by: Statement, name: string): string {
  const where = `${by.name[0]?.toUpperCase()}${by.name.slice(1)} of ${name} denies it`;
  // A statement that protects from deletion stays as it is: the promise is wrong.
  return PROTECTED_FROM.test(action)
    ? `${where} and protects the backups: take ${action} out of \`may\`.`
    : `${where}: take ${action} out of that statement for what the writer needs.`;
}

export function itemOf(request: Request, context: Context): string {
  const { entry, resource, fixed } = request;
  const prefix = fixed['s3:prefix'];
  const listing = prefix === undefined ? '' : ` with prefix "${prefix}"`;
  return `${entry.action} on ${resource}${listing}${whenOf(context, request)}`;
}

function whenOf(context: Context, request: Request): string {
  const told = Object.entries(context).filter(([key]) => !isFixed(key, request));
  return told.length === 0 ? '' : ` when ${told.map(([key, value]) => `${key} is ${String(value)}`).join(' and ')}`;
}
