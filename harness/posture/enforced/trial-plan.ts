import { instancesOf, isLike, type Variables } from '../../systems/iam/patterns.ts';
import type { Statement } from '../../systems/iam/policy-document.ts';
import type { WriterScope } from '../../systems/iam/requests.ts';

/** A request that is tried, as far as the plan of a trial knows it: the action of IAM that it takes, and what it is asked of. */
export interface TriedOperation {
  /** Unique; the action, with what sets it apart where two operations take the same action. */
  readonly id: string;
  /** Of IAM: `s3:PutObject`. */
  readonly action: string;
  readonly on: 'object' | 'bucket';
  /** A listing is allowed or refused by the prefix that it asks for. */
  readonly isListing?: true;
}

/** One request of a trial. */
export interface Try<Operation extends TriedOperation = TriedOperation> {
  readonly operation: Operation;
  readonly bucket: string;
  /** Of an object: the folder in which it lies; ends in "/". Of a listing: the prefix that it asks for, if any. */
  readonly prefix: string | undefined;
  readonly expected: 'allowed' | 'refused';
}

/** A place that the documents of a writer name. */
interface NamedPlace {
  readonly bucket: string;
  /** What the keys there begin with; undefined for the bucket itself. */
  readonly prefix: string | undefined;
}

/** A bucket in which no writer has anything to do. */
export const OTHER_BUCKET = 'dr-contracts-elsewhere';
const ELSEWHERE = 'dr-contracts-elsewhere/';
export const IN_A_WHOLE_BUCKET = 'dr-contracts-trial/';

/**
 * Every operation inside each prefix, in a prefix that looks alike, in another prefix and in another bucket; listings with a prefix, with
 * an empty one and with none; and the same in each place that the documents name. Allowed are the actions that the writer needs, inside;
 * everything else is to be refused.
 */
export function planTrial<Operation extends TriedOperation>(
  scopes: readonly WriterScope[],
  operations: readonly Operation[],
  named: readonly NamedPlace[] = [],
): readonly Try<Operation>[] {
  const tries: Try<Operation>[] = [];
  const seen = new Set<string>();
  const add = (operation: Operation, bucket: string, prefix: string | undefined) => {
    const promising = scopes.filter((scope) => isPromised([scope], operation, bucket, prefix));
    // The keys of a trial are not among those that the contract names: the evaluation decides alone.
    if (operation.on === 'object' && promising.length > 0 && promising.every(({ keys }) => keys !== undefined)) return;
    const key = JSON.stringify([operation.id, bucket, prefix]);
    if (seen.has(key)) return;
    seen.add(key);
    tries.push({ operation, bucket, prefix, expected: promising.length > 0 ? 'allowed' : 'refused' });
  };
  for (const { bucket, prefix } of scopes) {
    const [inside, ...outside] = prefixesFor(prefix);
    for (const operation of operations) {
      if (operation.on === 'object' || operation.isListing === true) {
        for (const each of [inside, ...outside]) add(operation, bucket, each);
        add(operation, OTHER_BUCKET, inside);
      }
      if (operation.on === 'bucket') {
        add(operation, bucket, undefined);
        if (operation.isListing === true) add(operation, bucket, '');
        else add(operation, OTHER_BUCKET, undefined);
      }
    }
  }
  for (const { bucket, prefix } of named) {
    for (const operation of operations) {
      // A document may keep the writer from some keys below its prefix: what it needs is tried on invented ones alone.
      if (isPromised(scopes, operation, bucket, prefix)) continue;
      if (operation.on === 'object' && prefix !== undefined) add(operation, bucket, prefix);
      if (operation.isListing === true) add(operation, bucket, prefix);
      else if (operation.on === 'bucket') add(operation, bucket, undefined);
    }
  }
  // What ends a bucket comes after everything that is asked of it.
  const endsIt = ({ operation: { action } }: Try) => Number(action === 's3:DeleteBucket');
  return tries.toSorted((one, other) => endsIt(one) - endsIt(other));
}

/** The prefix itself, or one inside a whole bucket, and those that are not the writer's. */
const prefixesFor = (prefix: string): readonly string[] =>
  prefix === '' ? [IN_A_WHOLE_BUCKET] : [prefix, `${prefix.slice(0, -1)}-evil/`, ELSEWHERE];

function isPromised(
  scopes: readonly WriterScope[],
  operation: TriedOperation,
  bucket: string,
  prefix: string | undefined,
): boolean {
  return scopes.some((scope) => {
    if (scope.bucket !== bucket || !scope.may.some((pattern) => matchesAction(pattern, operation.action))) return false;
    if (operation.on === 'bucket' && operation.isListing !== true) return true;
    return scope.prefix === '' || prefix?.startsWith(scope.prefix) === true;
  });
}

/** Names of actions are compared without regard to case, and `*` stands for any part, as in IAM. */
export const matchesAction = (pattern: string, action: string): boolean =>
  isLike(action.toLowerCase(), pattern.toLowerCase());

/** What a writer may do and no operation of the trial shows. */
export const untriedActions = (
  scopes: readonly WriterScope[],
  operations: readonly TriedOperation[],
): readonly string[] => [
  ...new Set(
    scopes
      .flatMap(({ may }) => may)
      .filter((pattern) => !operations.some(({ action }) => matchesAction(pattern, action))),
  ),
];

/** Each place takes some thirty requests: more of them are left to the evaluation. */
const TRIED_AT_MOST = 24;

/** As S3 and the services that imitate it accept them. */
const BUCKET_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

interface NamedPlaces {
  readonly places: readonly NamedPlace[];
  /** How many more the documents name. */
  readonly leftOut: number;
}

/** Buckets and prefixes that the statements of a writer name, as far as a request can be made there. */
export function namedPlaces(
  statements: readonly Statement[],
  variables: Variables,
  ownBuckets: readonly string[],
): NamedPlaces {
  const places = new Map<string, NamedPlace>();
  const add = (bucket: string, prefix: string | undefined) => {
    if (BUCKET_NAME.test(bucket)) places.set(JSON.stringify([bucket, prefix]), { bucket, prefix });
  };
  for (const { resources, conditions } of statements) {
    for (const resource of resources) {
      const [, bucketPattern, keyPattern] = /^arn:[^:]*:s3:::([^/]+)(?:\/(.*))?$/s.exec(resource) ?? [];
      if (bucketPattern === undefined) continue;
      for (const bucket of instancesOf(bucketPattern, variables)) {
        if (keyPattern === undefined || keyPattern === '') add(bucket, undefined);
        // Only what ends in a wildcard leaves room for the keys of a trial.
        else if (keyPattern.endsWith('*')) {
          const [stem = ''] = instancesOf(keyPattern.replace(/\*+$/, ''), variables);
          add(bucket, stem);
        }
      }
    }
    const listed = conditions.filter(({ key }) => key.toLowerCase() === 's3:prefix');
    for (const value of listed.flatMap(({ values }) => values)) {
      const [prefix = ''] = instancesOf(value.replace(/\*+$/, ''), variables);
      for (const bucket of ownBuckets) add(bucket, prefix);
    }
  }
  const all = [...places.values()];
  return { places: all.slice(0, TRIED_AT_MOST), leftOut: Math.max(0, all.length - TRIED_AT_MOST) };
}
