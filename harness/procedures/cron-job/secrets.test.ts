import { describe, expect, it } from 'vitest';
import { Secrets } from '../../model/secrets.ts';
import type { FoundCronJob } from './find.ts';
import { secretsOfDrill } from './secrets.ts';
import { cronJobObject, secretContent } from './spec.ts';

const ENCRYPTED = 'ENC[AES256_GCM,data:Tr7o=,iv:1=,tag:k=,type:str]';
const env = [{ name: 'AWS_SECRET_ACCESS_KEY', valueFrom: { secretKeyRef: { name: 'key', key: 'secret' } } }];
const cronJob = cronJobObject.parse({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'backup' },
  spec: {
    schedule: '0 2 * * *',
    jobTemplate: {
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a:1', env }] } } },
    },
  },
});

const found = (fields: object): FoundCronJob =>
  ({
    cronJob,
    secrets: new Map([['key', secretContent({ metadata: { name: 'key' }, ...fields })]]),
    configMaps: new Map(),
  }) as unknown as FoundCronJob;

describe('C29: a Secret that SOPS has encrypted', () => {
  it.each(['stringData', 'data'])('is not run with its cipher text as the value (%s)', (field) => {
    const given = found({ [field]: { secret: ENCRYPTED } });
    expect(() => secretsOfDrill(given, {}, new Map(), new Secrets())).toThrow(
      'the manifests hold it encrypted by SOPS',
    );
  });

  it.each(['stringData', 'data'])('is filled where the drill knows the variable that reads it (%s)', (field) => {
    const known = new Map([['AWS_SECRET_ACCESS_KEY', 'of-the-drill']]);
    const filled = secretsOfDrill(found({ [field]: { secret: ENCRYPTED } }), {}, known, new Secrets());
    expect(filled.get('key')?.get('secret')?.toString()).toBe('of-the-drill');
  });
});
