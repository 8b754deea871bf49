import type { S3Client } from '@aws-sdk/client-s3';
import { httpRequest } from '../../../clients/http.ts';
import { s3Client } from '../../../clients/s3.ts';
import type { PostureDifference } from '../../../model/posture.ts';
import type { Step } from '../../../model/step.ts';
import type { EnforcingStore } from '../../s3/service.ts';
import { bucketArn, objectArn, type WriterScope } from '../requests.ts';
import { type Operation, objectOperations } from './operations.ts';
import { type Answer, type Attempt, answerOf, performAll } from './perform.ts';
import { ensureBucket, type KeyPair, type StoreUsers } from './store-users.ts';
import { IN_A_WHOLE_BUCKET } from './trial-plan.ts';

interface StrangersTried {
  readonly tried: number;
  readonly differences: readonly PostureDifference[];
}

/** Tries the writer's own requests without its secret: with another secret, and unsigned. */
export async function tryStrangers(
  { item, scopes }: { readonly item: string; readonly scopes: readonly WriterScope[] },
  { accessKeyId }: KeyPair,
  { store, admin, signal }: { readonly store: EnforcingStore; readonly admin: S3Client; readonly signal: AbortSignal },
): Promise<StrangersTried> {
  const stranger = s3Client(store.s3, {
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey: 'dr-contracts-has-another-secret-than-it' },
  });
  const plain = objectOperations.filter(({ id }) => id === 's3:PutObject' || id === 's3:GetObject');
  const found: { readonly asked: string; readonly answer: Answer }[] = [];
  try {
    for (const { bucket, prefix } of scopes) {
      const inside = prefix === '' ? IN_A_WHOLE_BUCKET : prefix;
      const attempts = plain.map((operation) => ({ operation, bucket, prefix: inside }));
      const answers = await performAll(attempts, { admin, client: stranger, signal });
      for (const [index, { operation }] of attempts.entries()) {
        const answer = answers[index];
        if (answer !== undefined) {
          found.push({ asked: `${operation.id} below ${bucket}/${inside}, signed with a wrong secret`, answer });
        }
      }
      const object = `${bucket}/${inside}dr-contracts-unsigned`;
      for (const [asked, method, path, body] of [
        [`s3:GetObject below ${bucket}/${inside}, unsigned`, 'GET', object, undefined],
        [`s3:PutObject below ${bucket}/${inside}, unsigned`, 'PUT', object, 'x'],
        [`s3:ListBucket of ${bucket}, unsigned`, 'GET', `${bucket}?list-type=2`, undefined],
      ] as const) {
        const { status, statusText } = await httpRequest(method, `${store.s3.endpoint}/${path}`, signal, body);
        found.push({ asked, answer: answerOf(status, statusText) });
      }
    }
  } finally {
    stranger.destroy();
  }
  const differences = found
    .filter(({ answer }) => answer.outcome !== 'refused')
    .map(({ asked, answer }) => ({
      item: `${item}: ${asked}`,
      expected: 'a refusal',
      found: `the answer ${answer.said}, by trying`,
      nextStep: 'First of all, find out why a request without a valid signature is accepted.',
      cause: 'policy-allows-too-much',
    }));
  return { tried: found.length, differences };
}

const CONTROL_BUCKET = 'dr-contracts-control';
const CONTROL_USER = 'dr-contracts-control';

export interface Calibration {
  /** Operations that the service allows where only their action is allowed, and refuses where all other actions are allowed. */
  readonly enforced: readonly Operation[];
  /** The other operations, with the service's answers. */
  readonly notEnforced: readonly { readonly id: string; readonly answers: string }[];
}

/**
 * Finds the operations that the store can tell apart. A refusal is proof only if the service has allowed the same request before; a
 * permission only if it has refused it. The trial leaves out operations that the store always allows, or always refuses.
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
      // No Deny: an action that is denied by name may still be covered by another action that is allowed.
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
        const answers = `${allowed?.said} if only this action is allowed, ${denied?.said} if every other action is allowed`;
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
