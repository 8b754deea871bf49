import { SAMPLE_ACCOUNT } from './facts.ts';
import { filledTemplate, fitsTemplate, instancesOf, isLike, type Variables } from './patterns.ts';
import type { Statement } from './policy-document.ts';

/** An action as the service's own list describes it. */
export interface CatalogueAction {
  /** Action with its service: `s3:PutObject`. */
  readonly action: string;
  /** True if it changes nothing. */
  readonly isReading: boolean;
  /** ARN templates of its resources, with `${…}` for the variable parts; empty if it has no resource. */
  readonly resources: readonly { readonly type: string; readonly arn: string }[];
  /** Condition keys that a request of this action carries, e.g. `s3:prefix`. */
  readonly conditionKeys: readonly string[];
}

export interface Request {
  readonly entry: CatalogueAction;
  readonly resource: string;
  /** Keys whose value is part of the request; undefined for a request without the key. */
  readonly fixed: Readonly<Record<string, string | undefined>>;
  /** `unknown`: the documents do not show whether it should be allowed; this matters only if it is allowed. */
  readonly expected: 'allowed' | 'denied' | 'unknown';
  /** If set, one allowed request of the same name is enough. */
  readonly oneOf?: string;
  /** If set, the writer needs the action on unknown keys of this place, so it is not enough that some are allowed. */
  readonly anyKeyOf?: string;
}

export interface WriterScope {
  readonly bucket: string;
  /** Ends in "/"; empty for the whole bucket. */
  readonly prefix: string;
  /** Every action that the writer needs, with the service's prefix. */
  readonly may: readonly string[];
  /** Names that it uses below the prefix, where `*` matches any characters; if absent, any name. */
  readonly keys?: readonly string[] | undefined;
  /** Region of the bucket, which each request to it carries; if absent, any region. */
  readonly region?: string | undefined;
}

/** Material for the requests of a check, besides the actions. */
export interface RequestMaterial {
  readonly scopes: readonly WriterScope[];
  readonly statements: readonly Statement[];
  readonly variables: Variables;
  readonly partition: string;
}

export const LIST_PREFIX_KEY = 's3:prefix';
/** Resource types that lead to a bucket without naming it. */
const LEADS_ELSEWHERE = /^(accesspoint|accesspointobject|multiregionaccesspoint|objectlambdaaccesspoint)$/;

export const bucketArn = (bucket: string, partition = 'aws'): string => `arn:${partition}:s3:::${bucket}`;
export const objectArn = (bucket: string, key: string, partition = 'aws'): string =>
  `${bucketArn(bucket, partition)}/${key}`;

/**
 * Yields every request of S3 that matters for a writer: each action on things inside its prefixes, in other prefixes, in similar prefixes,
 * in other buckets, and on everything that is no object; listings with and without a prefix. Buckets, keys and prefixes are invented, or
 * taken from the patterns of the documents. The needed actions inside are expected to be allowed.
 */
export function* s3Requests(material: RequestMaterial, catalogue: readonly CatalogueAction[]): Generator<Request> {
  const things = thingsOf(material);
  for (const entry of catalogue) {
    const needed = material.scopes.some(({ may }) => may.includes(entry.action));
    if (entry.resources.length === 0) {
      yield {
        entry,
        resource: wholeOf(entry.action, material.partition),
        fixed: {},
        expected: needed ? 'allowed' : 'denied',
      };
    }
    // Buckets come first: a difference there says more than one on a resource that leads to a bucket.
    const resources = entry.resources.toSorted((one, other) => Number(isOfBucket(other)) - Number(isOfBucket(one)));
    for (const { type, arn } of resources) {
      if (type === 'object') yield* objectRequests(entry, material, things);
      else if (type === 'bucket') yield* bucketRequests(entry, material, things);
      else {
        const expected = needed && LEADS_ELSEWHERE.test(type) ? 'unknown' : 'denied';
        for (const resource of [filledTemplate(arn, material.partition, SAMPLE_ACCOUNT), ...things.arns]) {
          if (fitsTemplate(arn, resource)) yield { entry, resource, fixed: {}, expected };
        }
      }
    }
  }
}

const LOCATES = 's3:GetBucketLocation';
/** Lists the names of all buckets. S3 requests it for every bucket, and treats a statement about `arn:aws:s3:::*` like one about `*`. */
const LISTS_NAMES = 's3:ListAllMyBuckets';
const wholeOf = (action: string, partition: string): string =>
  action === LISTS_NAMES ? bucketArn('*', partition) : '*';

/**
 * Actions that reach no data and change nothing, with a note for the reader. Every caller may ask for its own identity, whatever a policy
 * says.
 */
export const REACHES_NO_DATA: ReadonlyMap<string, string | undefined> = new Map([
  [
    LISTS_NAMES,
    `whether the writer should know the names of all buckets, which the policy lets it list (${LISTS_NAMES})`,
  ],
  [
    LOCATES,
    `whether the writer should know in which region any bucket lies, which the policy lets it ask (${LOCATES})`,
  ],
  ['sts:GetCallerIdentity', undefined],
]);

const isOfBucket = ({ type }: { readonly type: string }): boolean => type === 'bucket' || type === 'object';

/** Yields requests of another service: on every resource that the documents name, and on one that they do not. */
export function* otherRequests(
  entry: CatalogueAction,
  material: RequestMaterial,
  /** Returns the expectation for a resource on which the action is part of the work. */
  work: (action: string, resource: string) => 'allowed' | 'unknown' | undefined,
): Generator<Request> {
  const { action } = entry;
  const needed = material.scopes.some(({ may }) => may.includes(action));
  const named = arnsOf(material);
  const resources = entry.resources.flatMap(({ arn }) => [
    filledTemplate(arn, material.partition, SAMPLE_ACCOUNT),
    ...named.filter((each) => fitsTemplate(arn, each)),
  ]);
  for (const resource of new Set(resources.length === 0 ? ['*'] : resources)) {
    const expected = work(action, resource);
    if (needed) yield { entry, resource, fixed: {}, expected: 'allowed', oneOf: action };
    else yield { entry, resource, fixed: {}, expected: expected ?? 'denied' };
  }
}

interface Things {
  readonly objects: readonly { readonly bucket: string; readonly key: string }[];
  readonly buckets: readonly string[];
  readonly prefixes: readonly string[];
  /** All other ARNs in a document. */
  readonly arns: readonly string[];
}

function thingsOf(material: RequestMaterial): Things {
  const { scopes, statements, variables } = material;
  const arns = arnsOf(material);
  const named = arns.flatMap((arn) => {
    const [, bucket = '', key] = /^arn:[^:]*:s3:::([^/]+)(?:\/(.*))?$/s.exec(arn) ?? [];
    return bucket === '' ? [] : [{ bucket, key }];
  });
  const own = scopes.map(({ bucket }) => bucket);
  const others = [...own.flatMap((bucket) => [`${bucket}-evil`, `x${bucket}`]), 'other-bucket'];
  const buckets = [...new Set([...own, ...others, ...named.map(({ bucket }) => bucket)])];
  const inside = scopes.flatMap((scope) =>
    keysInside(
      scope,
      named.flatMap(({ key }) => key ?? []),
    ),
  );
  const outside = scopes.flatMap((scope) => keysOutside(scope));
  const invented = buckets.flatMap((bucket) => {
    const keys = own.includes(bucket) ? [...inside, ...outside] : inside;
    return keys.map((key) => ({ bucket, key }));
  });
  const conditions = statements.flatMap(({ conditions: all }) => all);
  const prefixes = conditions
    .filter(({ key }) => key.toLowerCase() === LIST_PREFIX_KEY)
    .flatMap(({ operator, values }) => {
      // S3 prefixes are case-sensitive, even if a condition is not.
      const written = /IgnoreCase/i.test(operator) ? values.flatMap((value) => [value, value.toUpperCase()]) : values;
      return written.flatMap((value) => instancesOf(value, variables));
    });
  return {
    objects: [...invented, ...named.flatMap(({ bucket, key }) => (key ? [{ bucket, key }] : []))],
    buckets,
    prefixes: [...new Set(prefixes)],
    arns,
  };
}

/** Returns ARNs that match the patterns of the documents. */
function arnsOf({ statements, variables, scopes, partition }: RequestMaterial): readonly string[] {
  const invented = scopes.flatMap(({ prefix }) => [`${prefix}backup.tar`, `other/${prefix}backup.tar`]);
  const patterns = new Set(statements.flatMap(({ resources }) => resources));
  const ofOthers = statements.filter(({ effect, isNotResource }) => effect === 'Deny' || isNotResource);
  const fillers = [...new Set([...invented, ...ofOthers.flatMap((each) => namedParts(each, variables))])].slice(
    0,
    MOST_FILLERS,
  );
  const arns = [...patterns].flatMap((pattern) => {
    const arn = asArn(pattern, partition);
    return instancesOf(arn, variables, /^(arn:[^:]*:s3:|\*)/.test(arn) ? fillers : []);
  });
  return [...new Set(arns.filter((arn) => arn.startsWith('arn:')))];
}

/** Maximum number of patterns that are inserted into other patterns. */
const MOST_FILLERS = 12;

/** Returns samples of the bucket and key patterns of a statement, because a pattern of another statement may cover them. */
function namedParts({ resources }: Statement, variables: Variables): readonly string[] {
  return resources.flatMap((resource) => {
    const [, bucket = '', key = ''] = /^arn:[^:]*:s3:::([^/]+)(?:\/(.*))?$/s.exec(resource) ?? [];
    return [bucket, key]
      .filter((part) => part.includes('*') && !/^\*+$/.test(part))
      .map((part) => instancesOf(part, variables)[0] ?? '');
  });
}

/** Replaces a pattern in the partition of an ARN with the partition under test. */
const asArn = (pattern: string, partition: string): string =>
  pattern.replace(/^arn:[^:]*[*?][^:]*:/, `arn:${partition}:`);

function* objectRequests(
  entry: CatalogueAction,
  { scopes, partition }: RequestMaterial,
  things: Things,
): Generator<Request> {
  for (const { bucket, key } of things.objects) {
    const inside = scopes.filter((scope) => scope.bucket === bucket && key.startsWith(scope.prefix));
    const needing = inside.filter(({ may }) => may.includes(entry.action));
    const [used] = needing.flatMap((scope) => usedPattern(key, scope).map((pattern) => ({ scope, pattern })));
    const resource = objectArn(bucket, key, partition);
    if (used !== undefined) {
      const anyKeyOf = `${entry.action} below ${bucket}/${used.scope.prefix}${used.pattern}`;
      yield { entry, resource, fixed: fixedBy(used.scope), expected: 'allowed', anyKeyOf };
    } else if (needing.length === 0) {
      const ofBucket = inside[0] ?? scopes.find((each) => each.bucket === bucket);
      yield { entry, resource, fixed: fixedBy(ofBucket), expected: 'denied' };
    }
  }
}

const REGION_KEY = 'aws:RequestedRegion';
const fixedBy = (scope: WriterScope | undefined): Request['fixed'] =>
  scope?.region === undefined ? {} : { [REGION_KEY]: scope.region };

/** Returns the patterns of the contract by which the writer uses a key below its prefix. */
const usedPattern = (key: string, { prefix, keys = ['*'] }: WriterScope): readonly string[] =>
  keys.filter((pattern) => isLike(key.slice(prefix.length), pattern));

function* bucketRequests(
  entry: CatalogueAction,
  { scopes, partition }: RequestMaterial,
  things: Things,
): Generator<Request> {
  const { action, conditionKeys } = entry;
  const isListing = conditionKeys.includes(LIST_PREFIX_KEY);
  const regionOf = (bucket: string) => fixedBy(scopes.find((scope) => scope.bucket === bucket));
  for (const bucket of things.buckets) {
    const own = scopes.filter((scope) => scope.bucket === bucket && scope.may.includes(action));
    const resource = bucketArn(bucket, partition);
    if (!isListing) {
      // IAM cannot scope this action to a prefix, so a writer that needs it needs it for the whole bucket.
      yield { entry, resource, fixed: regionOf(bucket), expected: own.length > 0 ? 'allowed' : 'denied' };
      continue;
    }
    for (const prefix of listingsOf(scopes, things.prefixes)) {
      const wanted = own.find((scope) => scope.prefix === '' || prefix?.startsWith(scope.prefix));
      yield {
        entry,
        resource,
        fixed: { ...regionOf(bucket), [LIST_PREFIX_KEY]: prefix },
        expected: wanted === undefined ? 'denied' : 'allowed',
        // One way of listing its prefix, such as with a delimiter, is enough for a writer.
        ...(wanted === undefined || wanted.prefix === ''
          ? {}
          : { oneOf: `${action} in ${bucket} below "${wanted.prefix}"` }),
      };
    }
  }
}

function listingsOf(scopes: readonly WriterScope[], named: readonly string[]): ReadonlySet<string | undefined> {
  const invented = scopes.flatMap((scope) => [
    scope.prefix,
    ...keysInside(scope, []),
    scope.prefix.slice(0, -1),
    ...keysOutside(scope),
  ]);
  return new Set([...invented, undefined, '', ...named]);
}

/** Returns keys with different endings, because a policy for `nats/*.tar` allows only some of them. */
function keysInside(
  { prefix, keys }: Pick<WriterScope, 'prefix' | 'keys'>,
  /** Keys that the documents name. */
  named: readonly string[],
): readonly string[] {
  if (keys === undefined)
    return [`${prefix}backup.tar`, `${prefix}2026/01/02/a b+c.tar`, `${prefix}2026-01-02/MANIFEST`];
  // The text that a Deny names may come before the ending in the contract, or the other way round.
  const fillers = [
    '2026/01/02/a b+c',
    ...named.map((key) => (key.startsWith(prefix) ? key.slice(prefix.length) : key)),
  ];
  return keys.flatMap((pattern) => instancesOf(pattern, {}, fillers).map((key) => `${prefix}${key}`));
}

/** Returns keys in other and in similar prefixes, because a policy for `nats*` or `*nats/*` allows some of them. */
function keysOutside({ prefix }: Pick<WriterScope, 'prefix'>): readonly string[] {
  if (prefix === '') return [];
  const stem = prefix.slice(0, -1);
  const folders = [`${stem}-evil`, `${stem}x`, `x${stem}`, `evil/${stem}`, stem.toUpperCase(), `./${stem}`, 'other'];
  return [...folders.map((folder) => `${folder}/backup.tar`), stem, `${stem}.tar`, 'backup.tar'];
}

/** Returns keys in places that a policy may treat differently, for a check of the bucket's own policy. */
export function keysOf(material: RequestMaterial): readonly string[] {
  return [
    ...new Set(
      thingsOf(material)
        .objects.filter(({ bucket }) => material.scopes.some((scope) => scope.bucket === bucket))
        .map(({ key }) => key),
    ),
  ];
}
