import { describe, expect, it } from 'vitest';
import { placeholdersIn } from './placeholders.ts';

const metadata = { name: 'x' };
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a placeholder in a live object', () => {
  it.each([
    ['Secret', { metadata, data: { key: base64('REPLACE_WITH_KEY') } }, 'data.key', 'REPLACE_WITH_KEY'],
    [
      'Secret',
      { metadata, data: { cloud: base64('[default]\nid=REPLACE_WITH_ID\n') } },
      'data.cloud',
      'REPLACE_WITH_ID',
    ],
    ['ConfigMap', { metadata, data: { 'api.yaml': 'host: REPLACE_WITH_HOST' } }, 'data.api.yaml', 'REPLACE_WITH_HOST'],
    [
      'BackupStorageLocation.velero.io',
      { metadata, spec: { config: { s3Url: 'REPLACE_WITH_S3_URL' } } },
      'spec.config.s3Url',
      'REPLACE_WITH_S3_URL',
    ],
    [
      'CronJob.batch',
      { metadata, spec: { env: [{ value: 'a' }, { value: 'REPLACE_WITH_X' }] } },
      'spec.env[1].value',
      'REPLACE_WITH_X',
    ],
    [
      'Service',
      { metadata: { name: 'x', annotations: { a: 'REPLACE_WITH_ZONE' } } },
      'metadata.annotations.a',
      'REPLACE_WITH_ZONE',
    ],
  ])('is found in a %s', (kind, object, path, placeholder) => {
    expect([...placeholdersIn(kind, object)]).toEqual([{ path, placeholder }]);
  });

  it('is not looked for where only the server or kubectl writes', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"a":"REPLACE_WITH_A"}' };
    const object = {
      metadata: { name: 'x', annotations, managedFields: [{ f: 'REPLACE_WITH_B' }] },
      status: { m: 'REPLACE_WITH_C' },
    };
    expect([...placeholdersIn('ConfigMap', object)]).toEqual([]);
  });
});
