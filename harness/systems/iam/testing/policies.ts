import { decideTransportPolicy } from '../transport-policy.ts';
import { decideWriterPolicy, type WriterPolicyQuestion } from '../writer-policy.ts';

export const BUCKET = 'acme-backups';
export const bucketArn = `arn:aws:s3:::${BUCKET}`;
const { signal } = new AbortController();
const now = new Date('2026-03-01T12:00:00Z');

export const policyOf = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
export const allow = (Action: string | string[], Resource: string | string[], Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});
export const deny = (Action: string | string[], Resource: string | string[], Condition?: object) => ({
  ...allow(Action, Resource, Condition),
  Effect: 'Deny',
});

export const may = ['s3:PutObject', 's3:GetObject', 's3:ListBucket'];
export const scope = { bucket: BUCKET, prefix: 'nats/', may };
export const objects = allow(['s3:PutObject', 's3:GetObject'], `${bucketArn}/nats/*`);
export const listing = allow('s3:ListBucket', bucketArn, { StringLike: { 's3:prefix': 'nats/*' } });

/** ARN of a place below the writer's prefix. */
export const below = (pattern: string) => `${bucketArn}/nats/${pattern}`;
/** An IAM variable, not a JavaScript template. */
export const variable = (name: string) => ['$', `{${name}}`].join('');
/** The writer's needs, with a condition on its uploads. */
export const uploadsIf = (condition: object): object[] => [
  allow('s3:PutObject', below('*'), condition),
  allow('s3:GetObject', below('*')),
  listing,
];
export const causesOf = ({ differences }: Awaited<ReturnType<typeof judged>>) => [
  ...new Set(differences.map(({ cause }) => cause)),
];
/** Findings of a check where all is as promised. */
export const met = { undecided: [], differences: [] };

/** Judges a writer of `nats/` with these policies. */
export const judged = async (policy: unknown, more: Partial<WriterPolicyQuestion> = {}) =>
  await decideWriterPolicy({
    name: 'writer.json',
    documents: [{ name: 'writer.json', document: policy }],
    scopes: [scope],
    writer: { kind: 'user', name: undefined },
    now,
    signal,
    ...more,
  });

/** Judges a policy with these statements in addition to the writer's needs. */
export const judgedWith = async (...statements: object[]) => await judged(policyOf(objects, listing, ...statements));

/** Judges whether the bucket policy admits only signed requests over TLS. */
export const judgedBucket = async (...statements: object[]) =>
  await decideTransportPolicy({
    name: 'the bucket policy',
    document: policyOf(...statements),
    bucket: BUCKET,
    prefix: 'nats/',
    now,
    signal,
  });
