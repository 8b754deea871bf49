import { instancesOf, type Variables } from '../../systems/iam/patterns.ts';
import type { Statement } from '../../systems/iam/policy-document.ts';
import type { NamedPlace } from './trial-plan.ts';

/** Each place takes some thirty requests: more of them are left to the evaluation. */
const TRIED_AT_MOST = 24;

/** As S3 and the services that imitate it accept them. */
const BUCKET_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

export interface NamedPlaces {
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
