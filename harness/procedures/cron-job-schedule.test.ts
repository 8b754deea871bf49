import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cronJobSchedule } from './cron-job-schedule.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-schedule-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function manifestWith(name: string, spec: string): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  await writeFile(
    path,
    `apiVersion: batch/v1
kind: CronJob
metadata: { name: copy }
spec:
${spec}
  jobTemplate: { spec: { template: { spec: { containers: [{ name: copy, image: tools }] } } } }
`,
  );
  return path;
}

it('reads when the CronJob runs, by the clock that it names', async () => {
  const manifests = await manifestWith('berlin', '  schedule: "*/15 * * * *"\n  timeZone: Europe/Berlin');
  expect(cronJobSchedule({ manifests, name: 'copy' })).toEqual({ cron: '*/15 * * * *', timeZone: 'Europe/Berlin' });
});

it('B18: a ConfigMap with a value that is no text is a mistake in the manifests, by name', async () => {
  const manifests = await manifestWith('number', '  schedule: "0 1 * * *"');
  await appendFile(
    manifests,
    '---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { PORT: 8080 }\n',
  );
  expect(() => cronJobSchedule({ manifests, name: 'copy' })).toThrow(
    /ConfigMap settings in .*Put the value into quotes/,
  );
});

it('B9: refuses a time zone in the schedule, as Kubernetes does', async () => {
  const manifests = await manifestWith('zoned', '  schedule: "CRON_TZ=Europe/Berlin 0 1 * * *"');
  expect(() => cronJobSchedule({ manifests, name: 'copy' })).toThrow(/which Kubernetes refuses.*spec\.timeZone/);
});

it('takes no schedule from a CronJob that is suspended, or that is not there', async () => {
  const manifests = await manifestWith('idle', '  schedule: "0 1 * * *"\n  suspend: true');
  expect(() => cronJobSchedule({ manifests, name: 'copy' })).toThrow(/suspended.*so it never runs/);
  expect(() => cronJobSchedule({ manifests, name: 'paste' })).toThrow(/has none of that name; there: default\/copy/);
});
