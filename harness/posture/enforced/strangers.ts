import type { S3Client } from '@aws-sdk/client-s3';
import { httpRequest } from '../../clients/http.ts';
import { s3Client } from '../../clients/s3.ts';
import type { PostureDifference } from '../../model/posture.ts';
import type { WriterScope } from '../../systems/iam/requests.ts';
import type { EnforcingStore } from '../../systems/s3/service.ts';
import { type Answer, answerOf } from './answers.ts';
import { objectOperations } from './operations.ts';
import { performAll } from './perform.ts';
import type { KeyPair } from './store-users.ts';
import { IN_A_WHOLE_BUCKET } from './trial-plan.ts';

export interface StrangersTried {
  readonly tried: number;
  readonly differences: readonly PostureDifference[];
}

/** The writer's own requests by somebody without its secret: with another secret, and unsigned. */
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
      nextStep: 'Find out what lets requests in that nobody with its secret made, before anything else.',
      cause: 'policy-allows-too-much',
    }));
  return { tried: found.length, differences };
}
