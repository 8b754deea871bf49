import { expect, test } from 'vitest';
import { answerOf, answerTo } from './perform.ts';

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
