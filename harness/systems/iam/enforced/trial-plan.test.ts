import { describe, expect, it, test } from 'vitest';
import { matchesAction, OTHER_BUCKET, planTrial, type TriedOperation, untriedActions } from './trial-plan.ts';

const put: TriedOperation = { id: 's3:PutObject', action: 's3:PutObject', on: 'object' };
const remove: TriedOperation = { id: 's3:DeleteObject', action: 's3:DeleteObject', on: 'object' };
const list: TriedOperation = { id: 's3:ListBucket', action: 's3:ListBucket', on: 'bucket', isListing: true };
const readPolicy: TriedOperation = { id: 's3:GetBucketPolicy', action: 's3:GetBucketPolicy', on: 'bucket' };
const scope = { bucket: 'backups', prefix: 'nats/', may: ['s3:PutObject', 's3:ListBucket'] };

const told = (tries: ReturnType<typeof planTrial>) =>
  tries.map(({ operation, bucket, prefix, expected }) => `${expected} ${operation.id} ${bucket} ${prefix ?? '-'}`);

describe('a trial of a writer', () => {
  it('tries each action inside, in a look-alike, elsewhere and in another bucket, and expects it to be allowed inside alone', () => {
    expect(told(planTrial([scope], [put]))).toEqual([
      'allowed s3:PutObject backups nats/',
      'refused s3:PutObject backups nats-evil/',
      'refused s3:PutObject backups dr-contracts-elsewhere/',
      `refused s3:PutObject ${OTHER_BUCKET} nats/`,
    ]);
  });

  it('leaves keys that the contract names to the evaluation, and tries what is to be refused there', () => {
    const named = { ...scope, keys: ['*.tar'] };
    expect(told(planTrial([named], [put, remove])).filter((each) => each.endsWith(' backups nats/'))).toEqual([
      'refused s3:DeleteObject backups nats/',
    ]);
  });

  it('expects what is not needed to be refused inside, too', () => {
    expect(told(planTrial([scope], [remove]))[0]).toBe('refused s3:DeleteObject backups nats/');
  });

  it('expects a listing to be allowed with the prefix and refused without one', () => {
    expect(told(planTrial([scope], [list]))).toEqual([
      'allowed s3:ListBucket backups nats/',
      'refused s3:ListBucket backups nats-evil/',
      'refused s3:ListBucket backups dr-contracts-elsewhere/',
      `refused s3:ListBucket ${OTHER_BUCKET} nats/`,
      'refused s3:ListBucket backups -',
      'refused s3:ListBucket backups ',
    ]);
  });

  it('tries what the documents name, unless the writer needs it there', () => {
    const tries = planTrial(
      [scope],
      [put, remove, list, readPolicy],
      [
        { bucket: 'other-team', prefix: 'x/' },
        { bucket: 'other-team', prefix: undefined },
        { bucket: 'backups', prefix: 'nats/archive/' },
      ],
    );
    expect(told(tries).filter((each) => /other-team|archive/.test(each))).toEqual([
      'refused s3:PutObject other-team x/',
      'refused s3:DeleteObject other-team x/',
      'refused s3:ListBucket other-team x/',
      'refused s3:GetBucketPolicy other-team -',
      'refused s3:ListBucket other-team -',
      'refused s3:DeleteObject backups nats/archive/',
    ]);
  });

  it('deletes buckets last', () => {
    const end: TriedOperation = { id: 's3:DeleteBucket', action: 's3:DeleteBucket', on: 'bucket' };
    const tries = planTrial([scope, { ...scope, bucket: 'more' }], [end, readPolicy]);
    const actions = tries.map(({ operation }) => operation.id);
    expect(actions.lastIndexOf('s3:GetBucketPolicy')).toBeLessThan(actions.indexOf('s3:DeleteBucket'));
  });

  it('expects actions on the bucket by what is needed there', () => {
    expect(told(planTrial([{ ...scope, may: ['s3:GetBucket*'] }], [readPolicy]))).toEqual([
      'allowed s3:GetBucketPolicy backups -',
      `refused s3:GetBucketPolicy ${OTHER_BUCKET} -`,
    ]);
  });

  it('tries nothing twice where scopes overlap, and allows what one of them needs', () => {
    const whole = { bucket: 'backups', prefix: '', may: ['s3:DeleteObject'] };
    const tries = told(planTrial([scope, { ...scope, may: ['s3:GetObject'] }, whole], [remove]));
    expect(new Set(tries).size).toBe(tries.length);
    // The writer has the whole bucket, so no prefix in it is foreign.
    expect(tries.filter((each) => each.startsWith('refused'))).toEqual([
      `refused s3:DeleteObject ${OTHER_BUCKET} nats/`,
      `refused s3:DeleteObject ${OTHER_BUCKET} dr-contracts-trial/`,
    ]);
  });
});

test('names of actions match as in IAM', () => {
  expect(matchesAction('s3:*', 's3:PutObject')).toBe(true);
  expect(matchesAction('S3:putobject', 's3:PutObject')).toBe(true);
  expect(matchesAction('s3:Put*Tagging', 's3:PutObjectTagging')).toBe(true);
  expect(matchesAction('s3:PutObject', 's3:PutObjectTagging')).toBe(false);
  expect(matchesAction('s3:PutObject.', 's3:PutObject1')).toBe(false);
});

test('what a writer needs and no operation shows is named', () => {
  expect(untriedActions([{ ...scope, may: ['s3:PutObject', 'kms:Decrypt', 's3:Get*'] }], [put, readPolicy])).toEqual([
    'kms:Decrypt',
  ]);
});
