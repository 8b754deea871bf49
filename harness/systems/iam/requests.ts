/** What the service's own list says of one action. */
export interface CatalogueAction {
  /** With its service: `s3:PutObject`. */
  readonly action: string;
  /** ARN templates of the things that it can be asked for, with `${…}` for the parts that vary; none when it knows no resource. */
  readonly resources: readonly { readonly type: string; readonly arn: string }[];
  /** Condition keys that a request of this action carries, e.g. `s3:prefix`. */
  readonly conditionKeys: readonly string[];
}

export interface Request {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
  readonly allowed: boolean;
}

export interface WriterScope {
  readonly bucket: string;
  /** Ends in "/"; empty for the whole bucket. */
  readonly prefix: string;
  /** Every action that the writer needs, with its service. */
  readonly may: readonly string[];
  /** Further buckets in which it may do nothing, besides those of similar names. */
  readonly others?: readonly string[];
}

const LIST_PREFIX = 's3:prefix';
const SAMPLE_ACCOUNT = '123456789012';

/** The buckets that a policy names whole, wherever it does. */
export function bucketsNamedIn(document: unknown): readonly string[] {
  const arns = JSON.stringify(document).matchAll(/"arn:aws[^:]*:s3:::([a-z0-9][a-z0-9.-]+)(?:\/[^"]*)?"/g);
  return [...new Set([...arns].map(([, bucket = '']) => bucket))];
}

/** The requests of several scopes, each in a bucket of its own. */
export function* requestsOf(
  scopes: readonly WriterScope[],
  catalogue: readonly CatalogueAction[],
  named: readonly string[],
): Generator<Request> {
  const others = named.filter((bucket) => !scopes.some((scope) => scope.bucket === bucket));
  for (const scope of scopes) yield* writerRequests({ ...scope, others }, catalogue);
}

/**
 * Every request that matters for a writer of one prefix: each action of the service on things inside the prefix, in other
 * prefixes, in prefixes that only look alike, in other buckets, and on everything that is no object; listings with and without
 * a prefix. Allowed are the actions that it needs, inside; nothing else is.
 */
export function* writerRequests(scope: WriterScope, catalogue: readonly CatalogueAction[]): Generator<Request> {
  for (const entry of catalogue) {
    const needed = scope.may.includes(entry.action);
    if (entry.resources.length === 0) yield request(entry.action, '*', needed);
    for (const { type, arn } of entry.resources) {
      if (type === 'object') yield* objectRequests(entry.action, needed, scope);
      else if (type === 'bucket') yield* bucketRequests(entry, needed, scope);
      else yield request(entry.action, filled(arn), false);
    }
  }
}

function* objectRequests(action: string, needed: boolean, scope: WriterScope): Generator<Request> {
  const { bucket } = scope;
  for (const key of keysInside(scope)) yield request(action, objectArn(bucket, key), needed);
  for (const key of keysOutside(scope)) yield request(action, objectArn(bucket, key), false);
  for (const other of otherBuckets(scope)) {
    for (const key of keysInside(scope)) yield request(action, objectArn(other, key), false);
  }
}

function* bucketRequests(entry: CatalogueAction, needed: boolean, scope: WriterScope): Generator<Request> {
  const { action } = entry;
  for (const other of otherBuckets(scope)) {
    yield request(action, bucketArn(other), false, { [LIST_PREFIX]: scope.prefix });
  }
  const arn = bucketArn(scope.bucket);
  if (!entry.conditionKeys.includes(LIST_PREFIX)) {
    // IAM cannot scope this action to a prefix: where it is needed at all, it is needed for the whole bucket.
    yield request(action, arn, needed);
    return;
  }
  yield request(action, arn, needed && scope.prefix === '');
  if (scope.prefix === '') {
    for (const prefix of ['', ...keysInside(scope)]) yield request(action, arn, needed, { [LIST_PREFIX]: prefix });
    return;
  }
  for (const prefix of [scope.prefix, ...keysInside(scope)])
    yield request(action, arn, needed, { [LIST_PREFIX]: prefix });
  for (const prefix of ['', scope.prefix.slice(0, -1), ...keysOutside(scope)]) {
    yield request(action, arn, false, { [LIST_PREFIX]: prefix });
  }
}

export const bucketArn = (bucket: string): string => `arn:aws:s3:::${bucket}`;
export const objectArn = (bucket: string, key: string): string => `${bucketArn(bucket)}/${key}`;

export const keysInside = ({ prefix }: Pick<WriterScope, 'prefix'>): readonly string[] => [
  `${prefix}backup.tar`,
  `${prefix}2026/01/02/a b+c.tar`,
];

/** Other prefixes, and those that only look like the one: a policy that says `nats*` or `*nats/*` lets some of them in. */
export function keysOutside({ prefix }: Pick<WriterScope, 'prefix'>): readonly string[] {
  if (prefix === '') return [];
  const stem = prefix.slice(0, -1);
  const folders = [`${stem}-evil`, `${stem}x`, `x${stem}`, `evil/${stem}`, stem.toUpperCase(), `./${stem}`, 'other'];
  return [...folders.map((folder) => `${folder}/backup.tar`), stem, `${stem}.tar`, 'backup.tar'];
}

const otherBuckets = ({ bucket, others = [] }: WriterScope): readonly string[] => [
  `${bucket}-evil`,
  `x${bucket}`,
  'other-bucket',
  ...others,
];

function request(
  action: string,
  resource: string,
  allowed: boolean,
  context: Readonly<Record<string, string>> = {},
): Request {
  return { action, resource, allowed, context: { 'aws:SecureTransport': 'true', ...context } };
}

/** The template of a resource that is neither bucket nor object, with something in the place of each part. */
function filled(template: string): string {
  return template
    .replaceAll(/\$\{Partition\}/g, 'aws')
    .replaceAll(/\$\{Account\}/g, SAMPLE_ACCOUNT)
    .replaceAll(/\$\{Region\}/g, 'us-west-2')
    .replaceAll(/\$\{[^}]+\}/g, 'sample');
}
