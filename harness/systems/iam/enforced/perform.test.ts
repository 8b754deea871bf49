import { expect, onTestFinished, test } from 'vitest';
import { s3Client } from '../../../clients/s3.ts';
import { answerOf, performAll } from './perform.ts';

/** Performs an operation that makes this request, as a client of a service that is not there. */
async function answerTo(attempt: () => Promise<unknown>) {
  const place = { endpoint: 'http://127.0.0.1:1', region: 'us-west-2', accessKeyId: 'a', secretAccessKey: 'b' };
  const client = s3Client(place, { maxAttempts: 1 });
  onTestFinished(() => client.destroy());
  const operation = { id: 's3:GetObject', action: 's3:GetObject', on: 'object', needs: 'nothing', attempt } as const;
  const { signal } = new AbortController();
  const answers = await performAll([{ operation, bucket: 'b', prefix: 'p/' }], { admin: client, client, signal });
  expect(answers).toHaveLength(1);
  return answers[0];
}

const failing = (name: string, httpStatusCode: number) => async () => {
  throw Object.assign(new Error('x'), { name, $metadata: { httpStatusCode } });
};

test('an answer says whether the request was let through, whatever it was good for', async () => {
  expect(await answerTo(async () => ({}))).toEqual({ outcome: 'allowed', said: 'success' });
  expect(await answerTo(failing('AccessDenied', 403))).toEqual({ outcome: 'refused', said: '403 AccessDenied' });
  expect(await answerTo(failing('NoSuchBucketPolicy', 404))).toMatchObject({ outcome: 'allowed' });
  expect(await answerTo(failing('NotImplemented', 501))).toMatchObject({ outcome: 'not-implemented' });
  expect(await answerTo(failing('InternalError', 500))).toMatchObject({ outcome: 'failed' });
});

test('a deletion of several objects is refused where one of them is, although it is answered 200', async () => {
  expect(await answerTo(async () => ({ Errors: [{ Code: 'AccessDenied' }] }))).toMatchObject({ outcome: 'refused' });
  expect(await answerTo(async () => ({ Errors: [{ Code: 'InternalError' }] }))).toMatchObject({ outcome: 'failed' });
});

test('a service that does not answer is no refusal', async () => {
  await expect(
    answerTo(async () => {
      throw new Error('connect ECONNREFUSED');
    }),
  ).rejects.toThrow('ECONNREFUSED');
});

test('an unsigned request is refused by 401 and 403 alone', () => {
  expect(answerOf(401, 'Unauthorized').outcome).toBe('refused');
  expect(answerOf(404, 'Not Found').outcome).toBe('allowed');
});
