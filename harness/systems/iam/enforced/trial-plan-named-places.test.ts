import { expect, test } from 'vitest';
import { statementsOf } from '../policy-document.ts';
import { namedPlaces } from './trial-plan.ts';

const of = (...Resource: string[]) =>
  statementsOf({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource } });
const told = (...resources: string[]) =>
  namedPlaces(of(...resources), { 'aws:username': 'nats' }, ['own']).places.map(
    ({ bucket, prefix }) => `${bucket} ${prefix ?? '-'}`,
  );

test('buckets and beginnings of keys are places', () => {
  expect(
    told('arn:aws:s3:::other', 'arn:aws:s3:::other/*', 'arn:aws:s3:::own/velero/*', 'arn:aws:s3:::own/vel*'),
  ).toEqual(['other -', 'other ', 'own velero/', 'own vel']);
});

test('patterns stand for something that they match, and variables for their values', () => {
  expect(told(['arn:aws:s3:::team-*/$', '{aws:username}/*'].join(''))).toEqual(['team-sample nats/']);
});

test('where no key of a trial fits, nothing is tried', () => {
  expect(told('arn:aws:s3:::own/secrets.txt', 'arn:aws:s3:::own/*.tar.gz', '*', 'arn:aws:s3:::*.Bad/*')).toEqual([]);
});

test('prefixes of listings are places of its own buckets', () => {
  const Condition = { StringLike: { 's3:prefix': ['velero/*', ''] } };
  const statements = statementsOf({
    Statement: { Effect: 'Allow', Action: 's3:ListBucket', Resource: '*', Condition },
  });
  expect(namedPlaces(statements, {}, ['own']).places).toEqual([
    { bucket: 'own', prefix: 'velero/' },
    { bucket: 'own', prefix: '' },
  ]);
});

test('more places than can be tried are counted', () => {
  const many = Array.from({ length: 30 }, (_, index) => `arn:aws:s3:::bucket-${index}/*`);
  const { places, leftOut } = namedPlaces(of(...many), {}, []);
  expect(places.length + leftOut).toBe(30);
  expect(leftOut).toBeGreaterThan(0);
});
