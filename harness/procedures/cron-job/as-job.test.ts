import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { plainObjects } from '../../manifests/testing/plain.ts';
import type { ProcedureContext } from '../../model/procedure.ts';
import { Secrets } from '../../model/secrets.ts';
import { Places, type Target } from '../../model/target.ts';
import type { KubernetesPlace } from '../../systems/kubernetes/service.ts';
import { noNodes, sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { runAsJob } from './as-job.ts';
import { findCronJob } from './find.ts';

const container = { name: 'backup', image: 'backup:1', command: ['/backup.sh'] };
const manifest = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'nightly', namespace: 'ops' },
  spec: { schedule: '0 1 * * *', jobTemplate: { spec: { template: { spec: { containers: [container] } } } } },
};
const secretWith = (data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'settings', namespace: 'ops' },
  stringData: data,
});

/** Runs that CronJob with a shell script in the place of kubectl. */
async function jobWith(kubectl: string, data: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-as-job-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [manifests, file] = [join(folder, 'manifests.yaml'), join(folder, 'kubectl')];
  await writeFile(manifests, [manifest, secretWith(data)].map((object) => JSON.stringify(object)).join('\n---\n'));
  await writeFile(file, `#!/bin/sh\nshift 2\n${kubectl}\n`);
  await chmod(file, 0o755);
  const said: string[] = [];
  const place: KubernetesPlace = {
    kubeconfigPath: join(folder, 'kubeconfig'),
    veleroNamespace: '',
    backupPrefix: '',
    settings: {},
    nodes: { ...noNodes, loadImage: async () => undefined },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const target: Partial<Target> = {
    sessionId: 'session',
    tool: () => file,
    ...new Places('made up', ['kubernetes']).shared(sharedKubernetes, place).members,
  };
  const context: ProcedureContext = {
    target: target as Target,
    drillId: 'd1',
    environment: {},
    step: {
      clock: systemClock,
      signal: AbortSignal.timeout(30_000),
      scratchDir: folder,
      secrets: new Secrets(),
      progress: (message) => said.push(message),
    },
  };
  const found = findCronJob(plainObjects(manifests), { manifests, name: 'nightly' });
  const [first] = found.cronJob.spec.jobTemplate.spec.template.spec.containers;
  if (first === undefined) throw new Error('no container');
  const run = {
    found,
    container: first,
    described: {},
    variables: new Map<string, string>(),
    credentials: new Map<string, string>(),
    context,
    machine: { name: 'pod' } as const,
  };
  return { output: runAsJob(run, 'backup:1'), said };
}

const COMPLETE = `{"status":{"conditions":[{"type":"Complete","status":"True"}]}}`;

describe('a CronJob that runs as a Job', () => {
  it('B21: fails with its own error, not with that of the clean-up after it', async () => {
    const { output, said } = await jobWith('echo "$1 was refused" >&2; exit 1');
    await expect(output).rejects.toThrow(/create was refused/);
    expect(said.join()).toMatch(/namespace was refused|delete was refused/);
  });

  it('B21: is done although its namespace could not be deleted: the session removes it', async () => {
    const { output, said } = await jobWith(`case "$*" in
      *delete*) echo "no answer" >&2; exit 1 ;;
      *get*) echo '${COMPLETE}' ;;
      *logs*) echo "backed up" ;;
    esac`);
    await expect(output).resolves.toMatchObject({ output: expect.stringContaining('backed up') });
    expect(said.join()).toContain('no answer');
  });

  it('B11: keeps a log readable whose Secret holds a single digit, and hides what is worth it', async () => {
    const { output } = await jobWith(
      `case "$*" in *get*) echo '${COMPLETE}' ;; *logs*) echo "11 of 12 files with hunter2-hunter2" ;; esac`,
      { replicas: '1', passphrase: 'hunter2-hunter2' },
    );
    await expect(output).resolves.toMatchObject({ output: expect.stringContaining('11 of 12 files with ***') });
  });

  it('B5: keeps the end of a long log and the warnings of all of it', async () => {
    const { output } = await jobWith(`case "$*" in
      *get*) echo '${COMPLETE}' ;;
      *logs*) echo "WARNING: the first line"; yes "one of many lines" | head -n 300000; echo "the last line" ;;
    esac`);
    const { output: kept, warnings } = await output;
    expect(kept.length).toBeLessThanOrEqual(128 * 1024);
    expect(kept).toMatch(/the last line\n$/);
    expect(warnings).toEqual(['WARNING: the first line']);
  });
});
