import type { S3Client } from '@aws-sdk/client-s3';
import { s3Client } from '../../clients/s3.ts';
import type { Step } from '../../model/step.ts';
import { bucketArn, objectArn } from '../../systems/iam/requests.ts';
import type { EnforcingStore } from '../../systems/s3/service.ts';
import type { Operation } from './operations.ts';
import { type Attempt, performAll } from './perform.ts';
import { ensureBucket, type StoreUsers } from './store-users.ts';

const CONTROL_BUCKET = 'dr-contracts-control';
const CONTROL_USER = 'dr-contracts-control';

export interface Calibration {
  /** What the service allows where that action alone is allowed, and refuses where all others are. */
  readonly enforced: readonly Operation[];
  /** The others, with what it answered. */
  readonly notEnforced: readonly { readonly id: string; readonly answers: string }[];
}

/**
 * Which operations the store tells apart. A refusal proves something only where the service was seen to allow the same request, and a
 * permission only where it was seen to refuse it: an operation that it always allows, or never, is left out of the trial.
 */
export async function calibrate(
  operations: readonly Operation[],
  store: EnforcingStore,
  users: StoreUsers,
  admin: S3Client,
  { signal }: Pick<Step, 'signal'>,
): Promise<Calibration> {
  const places = operations.map((operation, index) => placesOf(operation, index));
  const buckets = new Set([CONTROL_BUCKET, ...places.flatMap(({ only, except }) => [only.bucket, except.bucket])]);
  await Promise.all([...buckets].map(async (bucket) => await ensureBucket(admin, bucket, signal)));
  const actions = new Set(operations.map(({ action }) => action));
  const document = {
    Version: '2012-10-17',
    Statement: places.flatMap(({ operation: { action }, only, except }) => [
      { Effect: 'Allow', Action: action, Resource: resourceOf(only) },
      // Not by a Deny: an action that is refused by name can still come along with another one that is allowed.
      { Effect: 'Allow', Action: [...actions].filter((each) => each !== action), Resource: resourceOf(except) },
    ]),
  };
  const credentials = await users.add(CONTROL_USER, [document]);
  const client = s3Client(store.s3, { maxAttempts: 1, credentials });
  try {
    const attempts = places.flatMap(({ only, except }) => [only, except]);
    const answers = await performAll(attempts, { admin, client, signal });
    const enforced: Operation[] = [];
    const notEnforced: { readonly id: string; readonly answers: string }[] = [];
    for (const [index, { operation }] of places.entries()) {
      const [allowed, denied] = [answers[2 * index], answers[2 * index + 1]];
      if (allowed?.outcome === 'allowed' && denied?.outcome === 'refused') enforced.push(operation);
      else {
        const answers = `${allowed?.said} where it alone is allowed, ${denied?.said} where everything else is`;
        notEnforced.push({ id: operation.id, answers });
      }
    }
    return { enforced, notEnforced };
  } finally {
    client.destroy();
  }
}

interface Places {
  readonly operation: Operation;
  readonly only: Attempt;
  readonly except: Attempt;
}

function placesOf(operation: Operation, index: number): Places {
  const at = (kind: string): Attempt =>
    operation.on === 'object'
      ? { operation, bucket: CONTROL_BUCKET, prefix: `${kind}-${index}/` }
      : { operation, bucket: `${CONTROL_BUCKET}-${kind}-${index}`, prefix: undefined };
  return { operation, only: at('only'), except: at('except') };
}

const resourceOf = ({ operation, bucket, prefix = '' }: Attempt): string =>
  operation.on === 'object' ? objectArn(bucket, `${prefix}*`) : bucketArn(bucket);
