import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { Secrets } from '../../model/secrets.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { judgeCheck } from '../../verdict/posture.ts';
import { accessTried } from '../checks/access-tried.ts';

const target = sharedTarget();
test('platform writers', async () => {
  const { signal } = new AbortController();
  const step = { clock: systemClock, signal, scratchDir: tmpdir(), secrets: new Secrets(), progress: () => undefined };
  const project = { folder: '/nowhere', outDir: '/nowhere', contracts: async () => [], drilledContracts: async () => [] };
  const bucket='kgents-dr-backups', copy='kgents-dr-backups-us-east-2';
  const writes = ['s3:PutObject','s3:GetObject','s3:AbortMultipartUpload','s3:ListMultipartUploadParts','s3:ListBucket','s3:ListBucketMultipartUploads'];
  const check = accessTried({ writers: [
   { policy: 'fixtures/platform/iam/nats-writer.json', bucket, prefix: 'nats/', may: writes },
   { policy: 'fixtures/platform/iam/velero-writer.json', bucket, prefix: 'velero/', may: [...writes, 's3:DeleteObject', 's3:PutObjectTagging'] },
   { policy: 'fixtures/platform/iam/bucket-copier.json', bucket, prefix: '', may: ['s3:GetObject','s3:GetObjectTagging','s3:GetObjectRetention','s3:GetObjectLegalHold','s3:ListBucket','s3:GetBucketObjectLockConfiguration'],
     also: [{ bucket: copy, prefix: '', may: ['s3:PutObject','s3:PutObjectTagging','s3:PutObjectRetention','s3:PutObjectLegalHold','s3:DeleteObject','s3:AbortMultipartUpload','s3:ListBucket'] }] },
  ]});
  const beganMs = performance.now();
  const observation = await check.observe({ target, project, step });
  console.log(performance.now()-beganMs, JSON.stringify(observation, null, 1));
  console.log(judgeCheck({ promise: check.promise, observation, failure: null }));
}, 120_000);
