import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { renderManifests } from '../../manifests/render.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { findCronJob } from './find.ts';
import { jobObjects } from './job-objects.ts';

const jobSchema = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()) }),
  spec: z.looseObject({
    backoffLimit: z.number(),
    template: z.looseObject({
      spec: z.looseObject({
        serviceAccountName: z.string(),
        containers: z.tuple([
          z.looseObject({
            image: z.string(),
            env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })),
          }),
        ]),
      }),
    }),
  }),
});

test('the API takes the Job of a CronJob with everything that it needs, and the drill’s variables go before its own', async () => {
  const target = sharedTarget();
  const { kubeconfigPath } = await target.place(sharedKubernetes);
  const folder = await mkdtemp(join(tmpdir(), 'dr-job-objects-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const namespace = `dr-job-test-${process.pid}`;
  const kubectl = (...args: string[]) => execa(target.tool('kubectl'), ['--kubeconfig', kubeconfigPath, ...args]);
  const manifests = 'fixtures/platform/manifests/nats-backup';
  const objects = await renderManifests(target.tool('kubectl'), manifests, AbortSignal.timeout(30_000));
  const found = findCronJob(objects, { manifests, name: 'nats-backup' });
  const [container] = found.cronJob.spec.jobTemplate.spec.template.spec.containers;
  if (container === undefined) throw new Error('no container');
  const items = jobObjects({
    found,
    container,
    image: 'another:1',
    variables: new Map([
      ['STREAMS', 'ORDERS'],
      ['BACKUP_PREFIX', 'nats/x/'],
    ]),
    secrets: found.secrets,
    namespace,
    job: 'once',
    labels: { 'dr-contracts.dev/session': target.sessionId },
  });
  const path = join(folder, 'objects.json');
  await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  onTestFinished(() => kubectl('delete', 'namespace', namespace, '--wait=false').then(() => undefined));
  await kubectl('create', '--validate=strict', '--filename', path);
  const { stdout } = await kubectl('--namespace', namespace, 'get', 'job', 'once', '--output', 'json');
  const { metadata, spec } = jobSchema.parse(JSON.parse(stdout));
  expect(metadata.annotations).toMatchObject({ 'cronjob.kubernetes.io/instantiate': 'manual' });
  expect(spec).toMatchObject({ backoffLimit: 2, template: { spec: { serviceAccountName: 'nats-backup' } } });
  const [{ image, env }] = spec.template.spec.containers;
  expect(image).toBe('another:1');
  expect(env.slice(0, 2)).toEqual([
    { name: 'STREAMS', value: 'ORDERS' },
    { name: 'BACKUP_PREFIX', value: 'nats/x/' },
  ]);
  expect(env.filter(({ name }) => name === 'BACKUP_PREFIX')).toHaveLength(1);
  expect(env.find(({ name }) => name === 'BACKUP_BUCKET')).toMatchObject({ value: 'kgents-dr-backups' });
});
