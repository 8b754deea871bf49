import { describe, expect, it } from 'vitest';
import { folderWith } from '../manifests/testing/case-folder.ts';
import { plainManifests } from '../manifests/testing/plain.ts';
import type { Contract } from '../model/contract.ts';
import { commands } from '../procedures/commands.ts';
import { cronJob } from '../procedures/cron-job.ts';
import { cronJobSchedule } from '../procedures/cron-job-schedule.ts';
import { script } from '../procedures/script.ts';
import { kubernetesNamespace } from '../systems/kubernetes/kind.ts';
import { natsStatefulSet } from '../systems/kubernetes/nats-statefulset.ts';
import { jetstream } from '../systems/nats/jetstream.ts';
import { offRegionCopy } from '../systems/s3/off-region-copy.ts';
import { sparing } from '../systems/sparing.ts';
import { veleroSchedule } from '../systems/velero/procedure.ts';
import { namesManifests, preparePromises } from './prepare.ts';
import { overriding } from './testing/overrides.ts';

const manifest = `apiVersion: batch/v1
kind: CronJob
metadata: { name: backup, namespace: ops }
spec:
  schedule: "*/5 * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          volumes: [{ name: scratch }]
          containers:
          - { name: a, image: tools, command: ["true"], env: [{ name: BACKUP_PREFIX, value: x/ }] }
---
apiVersion: velero.io/v1
kind: Schedule
metadata: { name: nightly }
spec: { schedule: "0 2 * * *", template: {} }
`;
const streams = [{ name: 'orders', subjects: ['orders.created'], messages: 1 }];
const programs = { backup: ['true'], restore: ['true'] };

const contractOf = (name: string, protectedBy: Contract['protectedBy'], asset: unknown = jetstream({ streams })) =>
  ({ name, protectedBy, asset, sourceFile: 'contracts/a.spec.ts' }) as Contract;

describe('what a run is prepared by', () => {
  it('C25: is the schedule of the rendered CronJob, whatever procedure takes it', async () => {
    using folder = folderWith({ 'all.yaml': manifest });
    const manifests = `${folder.path}/all.yaml`;
    const schedule = cronJobSchedule({ manifests, name: 'backup' });
    const scripts = { backup: 'a', restore: 'b', copy: 'c' };
    const { copy, restore } = scripts;
    const contracts = [
      contractOf('script', script({ backup: 'a', restore: 'b', schedule, prefix: 'x/' })),
      contractOf('commands', commands({ ...programs, schedule, prefix: 'x/' })),
      contractOf('off-region-copy', offRegionCopy({ copy, restore, schedule })),
      contractOf('cron-job', cronJob({ manifests, name: 'backup', restore: 'b' })),
      contractOf('velero', veleroSchedule({ cron: '@daily', offRegion: { copy, schedule } })),
      contractOf('velero-manifest', veleroSchedule({ manifest: manifests, offRegion: { copy, schedule } })),
    ];
    expect(contracts.filter(namesManifests)).toHaveLength(contracts.length);
    const prepared = await preparePromises({ contracts, postures: [], mistakes: [] }, plainManifests);
    expect(prepared.mistakes).toEqual([]);
    expect(prepared.contracts.filter(namesManifests)).toEqual([]);
    const every5Minutes = { cron: '*/5 * * * *', heldBy: `CronJob ops/backup in ${manifests}` };
    const of = (name: string) => prepared.contracts.find((each) => each.name === name)?.protectedBy;
    for (const name of ['script', 'commands', 'off-region-copy', 'cron-job']) {
      expect(of(name)?.schedule).toMatchObject(every5Minutes);
      expect(of(name)?.schedule).not.toHaveProperty('read');
    }
    expect(of('velero')).toMatchObject({ schedule: { cron: '@daily' }, copiedOn: every5Minutes });
    expect(of('velero-manifest')).toMatchObject({ schedule: { cron: '0 2 * * *' }, copiedOn: every5Minutes });
  });

  it('C25: is needed only where a contract names manifests', () => {
    const typed = script({ backup: 'a', restore: 'b', schedule: { cron: '@daily' }, prefix: 'x/' });
    expect(namesManifests(contractOf('typed', typed))).toBe(false);
    expect(namesManifests(contractOf('velero', veleroSchedule({ cron: '@daily' })))).toBe(false);
  });

  it('C25: a server without its Service is the mistake of the contract that uses it, and no other one stops', async () => {
    using folder = folderWith({
      'all.yaml': 'apiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: nats }\nspec: {}\n',
    });
    const server = natsStatefulSet({ manifests: folder.path, statefulSet: 'nats', service: 'edge' });
    const typed = script({ backup: 'a', restore: 'b', schedule: { cron: '@daily' }, prefix: 'x/' });
    const contracts = [contractOf('own', typed, jetstream({ streams, server })), contractOf('other', typed)];
    const prepared = await preparePromises({ contracts, postures: [], mistakes: [] }, plainManifests);
    expect(prepared.contracts.map(({ name }) => name)).toEqual(['other']);
    expect(prepared.mistakes).toMatchObject([
      { contract: 'own', error: { message: expect.stringMatching(/a Service edge, but it has none/) } },
    ]);
  });

  it('C25: a bystander is prepared as well as the asset beside it', async () => {
    using folder = folderWith({ 'all.yaml': manifest });
    const namespace = kubernetesNamespace({ manifests: folder.path });
    const kinds = [
      sparing({ asset: namespace, bystander: jetstream({ streams }) }),
      sparing({ asset: jetstream({ streams }), bystander: namespace }),
    ];
    for (const kind of kinds) {
      const prepared = await kind.prepared?.(plainManifests);
      expect(prepared).not.toHaveProperty('prepared');
      expect(prepared?.description).toContain('; beside it, ');
      expect(prepared?.inScope.join()).toContain('stays healthy');
    }
  });

  it('what a test bends stays bent', async () => {
    using folder = folderWith({ 'all.yaml': manifest });
    const own = cronJob({ manifests: `${folder.path}/all.yaml`, name: 'backup', restore: 'b' });
    const restore = async () => ({ claimed: 'sabotaged', warnings: [], commands: [] });
    const prepared = await overriding(own, { restore }).prepared?.(plainManifests);
    expect(prepared?.restore).toBe(restore);
    expect(prepared?.schedule).toMatchObject({ cron: '*/5 * * * *' });
  });

  it('what somebody put in the place of a procedure’s member stays there', async () => {
    using folder = folderWith({ 'all.yaml': manifest });
    const own = cronJob({ manifests: `${folder.path}/all.yaml`, name: 'backup', restore: 'b' });
    const restore = async () => ({ claimed: 'sabotaged', warnings: [], commands: [] });
    const prepared = await { ...own, restore }.prepared?.(plainManifests);
    expect(prepared?.restore).toBe(restore);
    expect(prepared?.schedule).toMatchObject({ cron: '*/5 * * * *' });
  });
});
