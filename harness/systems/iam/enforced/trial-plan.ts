import { instancesOf, isLike, type Variables } from '../patterns.ts';
import type { Statement } from '../policy-document.ts';
import type { WriterScope } from '../requests.ts';

/** A request of a trial, as the plan knows it: its IAM action and its target. */
export interface TriedOperation {
  /** Unique: the action, with a suffix where two operations take the same action. */
  readonly id: string;
  /** IAM action: `s3:PutObject`. */
  readonly action: string;
  readonly on: 'object' | 'bucket';
  /** True for a listing, which is allowed or refused by its prefix. */
  readonly isListing?: true;
}

/** One request of a trial. */
export interface Try<Operation extends TriedOperation = TriedOperation> {
  readonly operation: Operation;
  readonly bucket: string;
  /** Of an object: its folder, which ends in "/". Of a listing: the requested prefix, if any. */
  readonly prefix: string | undefined;
  readonly expected: 'allowed' | 'refused';
}

/** A place named in the documents of a writer. */
interface NamedPlace {
  readonly bucket: string;
  /** Common prefix of the keys; undefined for the bucket itself. */
  readonly prefix: string | undefined;
}

/** A bucket in which no writer needs anything. */
export const OTHER_BUCKET = 'dr-contracts-elsewhere';
const ELSEWHERE = 'dr-contracts-elsewhere/';
export const IN_A_WHOLE_BUCKET = 'dr-contracts-trial/';

/**
 * Plans every operation inside each prefix, in a similar prefix, in another prefix and in another bucket; listings with a prefix, with an
 * empty one and with none; and the same in each place that the documents name. The writer's needs inside its prefix must be allowed;
 * everything else must be refused.
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
    // The contract's key patterns do not cover the trial's keys, so the evaluation decides alone.
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
      // A document may deny the writer some keys below its prefix, so its needs are tried on invented keys only.
      if (isPromised(scopes, operation, bucket, prefix)) continue;
      if (operation.on === 'object' && prefix !== undefined) add(operation, bucket, prefix);
      if (operation.isListing === true) add(operation, bucket, prefix);
      else if (operation.on === 'bucket') add(operation, bucket, undefined);
    }
  }
  // A bucket is deleted after all other requests to it.
  const endsIt = ({ operation: { action } }: Try) => Number(action === 's3:DeleteBucket');
  return tries.toSorted((one, other) => endsIt(one) - endsIt(other));
}

/** Returns the prefix itself, or one inside a whole bucket, and prefixes that are not the writer's. */
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

/** Compares action names as IAM does: case does not matter, and `*` matches any part. */
export const matchesAction = (pattern: string, action: string): boolean =>
  isLike(action.toLowerCase(), pattern.toLowerCase());

/** Returns the actions of a writer that no operation of the trial covers. */
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

/** Maximum number of tried places. Each takes some thirty requests; the evaluation covers the rest. */
const TRIED_AT_MOST = 24;

/** Bucket names that S3 and compatible services accept. */
const BUCKET_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

interface NamedPlaces {
  readonly places: readonly NamedPlace[];
  /** Number of further places that the documents name. */
  readonly leftOut: number;
}

/** Returns the buckets and prefixes in a writer's statements to which a request can be made. */
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
        // Only a pattern that ends in a wildcard can match the trial's keys.
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
