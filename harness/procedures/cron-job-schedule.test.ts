import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plainManifests } from '../manifests/testing/plain.ts';
import { type CronJobScheduleOptions, cronJobSchedule } from './cron-job-schedule.ts';

const read = async (options: CronJobScheduleOptions) => await cronJobSchedule(options).read?.(plainManifests);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-schedule-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function manifestWith(name: string, spec: string, job = '', pod = ''): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  await writeFile(
    path,
    `apiVersion: batch/v1
kind: CronJob
metadata: { name: copy }
spec:
${spec}
  jobTemplate: { spec: { ${job}template: { spec: { ${pod}containers: [{ name: copy, image: tools }] } } } }
`,
  );
  return path;
}

it('reads when the CronJob runs, by the clock that it names', async () => {
  const manifests = await manifestWith('berlin', '  schedule: "*/15 * * * *"\n  timeZone: Europe/Berlin');
  expect(await read({ manifests, name: 'copy' })).toEqual({
    cron: '*/15 * * * *',
    timeZone: 'Europe/Berlin',
    heldBy: `CronJob default/copy in ${manifests}`,
    runs: { concurrency: 'Allow' },
  });
});

it('B18: a ConfigMap with a value that is no text is a mistake in the manifests, by name', async () => {
  const manifests = await manifestWith('number', '  schedule: "0 1 * * *"');
  await appendFile(
    manifests,
    '---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { PORT: 8080 }\n',
  );
  await expect(read({ manifests, name: 'copy' })).rejects.toThrow(/ConfigMap settings in .*Put the value into quotes/);
});

it.each([
  [
    'names a time zone in its schedule',
    '  schedule: "CRON_TZ=Europe/Berlin 0 1 * * *"',
    /spec\.timeZone/,
    'schedule-rejected',
  ],
  ['is suspended', '  schedule: "0 1 * * *"\n  suspend: true', /spec\.suspend: true/, 'schedule-paused'],
  [
    'asks for the local time',
    '  schedule: "0 1 * * *"\n  timeZone: Local',
    /spec\.timeZone is "Local"/,
    'schedule-rejected',
  ],
  [
    'has an unknown policy',
    '  schedule: "0 1 * * *"\n  concurrencyPolicy: Never',
    /concurrencyPolicy/,
    'schedule-rejected',
  ],
  [
    'is always too late',
    '  schedule: "0 1 * * *"\n  startingDeadlineSeconds: 0',
    /startingDeadlineSeconds is 0/,
    'schedule-takes-no-backup',
  ],
])('B9, N20: a CronJob that %s takes no backup, and stops no other contract', async (_, spec, reason, cause) => {
  const manifests = await manifestWith('idle', spec);
  expect((await read({ manifests, name: 'copy' }))?.idle).toEqual({ reason: expect.stringMatching(reason), cause });
});

it('C10: reads what happens to runs that overlap, are late, take long or fail', async () => {
  const manifests = await manifestWith(
    'runs',
    '  schedule: "*/5 * * * *"\n  concurrencyPolicy: Replace\n  startingDeadlineSeconds: 5',
    'activeDeadlineSeconds: 600, backoffLimit: 0, ',
    'activeDeadlineSeconds: 300, ',
  );
  expect(await read({ manifests, name: 'copy' })).toMatchObject({
    runs: {
      concurrency: 'Replace',
      startDeadlineMs: 5_000,
      deadlineMs: 300_000,
      deadlineField: 'spec.jobTemplate.spec.template.spec.activeDeadlineSeconds',
      retries: 0,
    },
  });
});

it.each(['suspend: true', 'parallelism: 0', 'completions: 0'])(
  'C10: a CronJob whose Jobs never start a pod (%s) takes no backup',
  async (field) => {
    const manifests = await manifestWith('empty', '  schedule: "0 1 * * *"', `${field}, `);
    const [, name = ''] = /^(\w+)/.exec(field) ?? [];
    expect((await read({ manifests, name: 'copy' }))?.idle?.reason).toContain(`spec.jobTemplate.spec.${name}`);
  },
);

it('N20: a CronJob whose name the API refuses takes no backup', async () => {
  const manifests = await manifestWith('long', '  schedule: "0 1 * * *"');
  const name = 'c'.repeat(53);
  await writeFile(manifests, (await readFile(manifests, 'utf8')).replace('name: copy }', `name: ${name} }`));
  expect((await read({ manifests, name }))?.idle).toMatchObject({ cause: 'schedule-rejected' });
});

it('takes no schedule from a CronJob that is not there', async () => {
  const manifests = await manifestWith('idle', '  schedule: "0 1 * * *"');
  await expect(read({ manifests, name: 'paste' })).rejects.toThrow(/has none of that name; there: default\/copy/);
});

it('C25: nothing of the manifests is read before a run is prepared, so that contracts are listed without kubectl', async () => {
  const manifests = await manifestWith('later', '  schedule: "0 1 * * *"');
  expect(cronJobSchedule({ manifests, name: 'copy' })).toMatchObject({
    cron: '',
    heldBy: `CronJob copy in ${manifests}`,
  });
  expect(() => cronJobSchedule({ manifests: join(folder, 'nowhere'), name: 'copy' })).toThrow(/nowhere.*no such file/);
});

it('C25: the text "no", which kustomize makes of an unquoted no, is refused by the API, so no backup is taken', async () => {
  const manifests = await manifestWith('no', '  schedule: "0 1 * * *"\n  suspend: "no"');
  expect((await read({ manifests, name: 'copy' }))?.idle).toMatchObject({
    reason: expect.stringMatching(/spec\.suspend/),
    cause: 'schedule-rejected',
  });
});
