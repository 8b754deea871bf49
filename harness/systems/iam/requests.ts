import { SAMPLE_ACCOUNT } from './facts.ts';
import { filledTemplate, fitsTemplate, instancesOf, isLike, type Variables } from './patterns.ts';
import type { Statement } from './policy-document.ts';

/** What the service's own list says of one action. */
export interface CatalogueAction {
  /** With its service: `s3:PutObject`. */
  readonly action: string;
  /** True when it changes nothing. */
  readonly isReading: boolean;
  /** ARN templates of the things that it can be asked for, with `${…}` for the parts that vary; none when it knows no resource. */
  readonly resources: readonly { readonly type: string; readonly arn: string }[];
  /** Condition keys that a request of this action carries, e.g. `s3:prefix`. */
  readonly conditionKeys: readonly string[];
}

export interface Request {
  readonly entry: CatalogueAction;
  readonly resource: string;
  /** Keys whose value is part of what is asked; undefined for a request without the key. */
  readonly fixed: Readonly<Record<string, string | undefined>>;
  /** `unknown`: nobody can tell from the documents whether it should be allowed, and it matters only if it is. */
  readonly expected: 'allowed' | 'denied' | 'unknown';
  /** Where it is set, one allowed request of the same name is enough. */
  readonly oneOf?: string;
  /** Where it is set, the writer needs the action on keys of this place, and nobody knows on which: allowed on some is not enough. */
  readonly anyKeyOf?: string;
}

export interface WriterScope {
  readonly bucket: string;
  /** Ends in "/"; empty for the whole bucket. */
  readonly prefix: string;
  /** Every action that the writer needs, with its service. */
  readonly may: readonly string[];
  /** Names that it uses below the prefix, in which `*` stands for any letters; without them it may use any. */
  readonly keys?: readonly string[] | undefined;
  /** Region of the bucket, which each request to it carries; without it the policy may be for any. */
  readonly region?: string | undefined;
}

/** What the requests of a check are made of, besides the actions. */
export interface RequestMaterial {
  readonly scopes: readonly WriterScope[];
  readonly statements: readonly Statement[];
  readonly variables: Variables;
  readonly partition: string;
}

export const LIST_PREFIX_KEY = 's3:prefix';
/** Things that lead to a bucket which their name does not tell. */
const LEADS_ELSEWHERE = /^(accesspoint|accesspointobject|multiregionaccesspoint|objectlambdaaccesspoint)$/;

export const bucketArn = (bucket: string, partition = 'aws'): string => `arn:${partition}:s3:::${bucket}`;
export const objectArn = (bucket: string, key: string, partition = 'aws'): string =>
  `${bucketArn(bucket, partition)}/${key}`;

/**
 * Every request of S3 that matters for a writer: each action on things inside its prefixes, in other prefixes, in prefixes that only
 * look alike, in other buckets, and on everything that is no object; listings with and without a prefix. Buckets, keys and prefixes
 * are invented, and taken from the patterns of the documents. Expected to be allowed are the actions that it needs, inside.
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
    // The buckets come first: they say more than what leads to them.
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
/** The names of all buckets: S3 asks for every bucket, and takes a statement about `arn:aws:s3:::*` as one about `*`. */
const LISTS_NAMES = 's3:ListAllMyBuckets';
const wholeOf = (action: string, partition: string): string =>
  action === LISTS_NAMES ? bucketArn('*', partition) : '*';

/** Actions that reach no data and change nothing, with what a reader should know of them; everybody may ask who they are, whatever a policy says. */
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

/** Requests of another service: on every thing that the documents name, and on one that they do not. */
export function* otherRequests(
  entry: CatalogueAction,
  material: RequestMaterial,
  /** Resources on which the action is part of the work, and what is expected there. */
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
  /** Everything else that a document names. */
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
      // Prefixes of S3 differ by case, also where a condition does not.
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

/** ARNs that the patterns of the documents match. */
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

/** More patterns than these are not tried within one another. */
const MOST_FILLERS = 12;

/** Buckets and keys that a statement names by a pattern: one that another statement names may hold them. */
function namedParts({ resources }: Statement, variables: Variables): readonly string[] {
  return resources.flatMap((resource) => {
    const [, bucket = '', key = ''] = /^arn:[^:]*:s3:::([^/]+)(?:\/(.*))?$/s.exec(resource) ?? [];
    return [bucket, key]
      .filter((part) => part.includes('*') && !/^\*+$/.test(part))
      .map((part) => instancesOf(part, variables)[0] ?? '');
  });
}

/** A pattern for the partition of an ARN stands for the one under test. */
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

/** By which patterns of its contract the writer uses a key below its prefix. */
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
      // IAM cannot scope this action to a prefix: where it is needed at all, it is needed for the whole bucket.
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
        // A writer may list its prefix in one way only, such as with a delimiter, and that is enough.
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

/** With different ends: a policy that says `nats/*.tar` lets some of them in. */
function keysInside(
  { prefix, keys }: Pick<WriterScope, 'prefix' | 'keys'>,
  /** Keys that the documents name. */
  named: readonly string[],
): readonly string[] {
  if (keys === undefined)
    return [`${prefix}backup.tar`, `${prefix}2026/01/02/a b+c.tar`, `${prefix}2026-01-02/MANIFEST`];
  // What a Deny names may come before the end that the contract names, and the other way round.
  const fillers = [
    '2026/01/02/a b+c',
    ...named.map((key) => (key.startsWith(prefix) ? key.slice(prefix.length) : key)),
  ];
  return keys.flatMap((pattern) => instancesOf(pattern, {}, fillers).map((key) => `${prefix}${key}`));
}

/** Other prefixes, and those that only look like the one: a policy that says `nats*` or `*nats/*` lets some of them in. */
function keysOutside({ prefix }: Pick<WriterScope, 'prefix'>): readonly string[] {
  if (prefix === '') return [];
  const stem = prefix.slice(0, -1);
  const folders = [`${stem}-evil`, `${stem}x`, `x${stem}`, `evil/${stem}`, stem.toUpperCase(), `./${stem}`, 'other'];
  return [...folders.map((folder) => `${folder}/backup.tar`), stem, `${stem}.tar`, 'backup.tar'];
}

/** Keys of a bucket in places that a policy may treat differently, for a check of the bucket's own policy. */
export function keysOf(material: RequestMaterial): readonly string[] {
  return [
    ...new Set(
      thingsOf(material)
        .objects.filter(({ bucket }) => material.scopes.some((scope) => scope.bucket === bucket))
        .map(({ key }) => key),
    ),
  ];
}
