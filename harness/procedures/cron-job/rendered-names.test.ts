import { describe, expect, it } from 'vitest';
import { objectsIn } from '../../manifests/documents.ts';
import { findCronJob } from './find.ts';
import { parseCronJobOptions } from './options.ts';
import { withRenderedNames } from './rendered-names.ts';

const rendered = `apiVersion: batch/v1
kind: CronJob
metadata: { name: backup }
spec:
  schedule: "0 2 * * *"
  jobTemplate: { spec: { template: { spec: { volumes: [{ name: work }, { name: tmp, emptyDir: null }], containers: [{ name: a, args: null, env: null }] } } } }
---
apiVersion: v1
kind: Secret
metadata: { name: keys-k9m2h7b6c5 }
data:
---
apiVersion: v1
kind: Secret
metadata: { name: plain }
`;
const found = () => findCronJob(objectsIn(rendered, 'ops'), { manifests: 'ops', name: 'backup' });
const settings = (options: object) =>
  parseCronJobOptions({ manifests: 'ops', name: 'backup', restore: 'r.sh', ...options });

describe('a CronJob as kubectl renders it', () => {
  it('C25: a Secret of a generator is named without its hash in the contract, for `secrets` and for `keeps`', () => {
    const written = settings({
      secrets: { keys: { id: 'a' }, plain: null, elsewhere: {} },
      keeps: ['/var/lib/keys', { secret: 'keys', at: '/keys' }],
    });
    expect(withRenderedNames(written, found())).toMatchObject({
      secrets: { 'keys-k9m2h7b6c5': { id: 'a' }, plain: null, elsewhere: {} },
      keeps: ['/var/lib/keys', { secret: 'keys-k9m2h7b6c5', at: '/keys' }],
    });
  });

  it('C18: empty values are absent, and a volume without a source is an emptyDir', () => {
    const { cronJob, secrets } = found();
    const { volumes, containers } = cronJob.spec.jobTemplate.spec.template.spec;
    expect(volumes).toEqual([
      { name: 'work', emptyDir: {} },
      { name: 'tmp', emptyDir: {} },
    ]);
    expect(containers).toMatchObject([{ args: [], env: [], envFrom: [] }]);
    expect(secrets.get('keys-k9m2h7b6c5')?.size).toBe(0);
  });
});
