import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { comparisonOf } from '../model/comparison.ts';
import type { PostureCheck, PostureContract } from '../model/posture.ts';
import { Places, type Target } from '../model/target.ts';
import { noNodes, sharedKubernetes } from '../systems/kubernetes/service.ts';
import { s3Store } from '../systems/s3/service.ts';
import { runPosture } from './run-posture.ts';

const SECRET = 'a-secret-of-this-session';
const target = {
  name: 'made up',
  capabilities: ['s3'],
  ...new Places('made up', ['s3']).shared(s3Store, {
    endpoint: 'http://127.0.0.1:1',
    region: 'us-west-2',
    accessKeyId: 'A',
    secretAccessKey: SECRET,
    backupBucket: 'b',
  }).members,
  sandbox: { kind: 'none', reason: 'a test' },
  tool: (name: string) => `/nowhere/${name}`,
} as unknown as Target;

const project = { folder: '/nowhere', outDir: '/nowhere', contracts: async () => [], drilledContracts: async () => [] };

const good: PostureCheck = {
  name: 'good',
  promise: 'It is so',
  needs: [],
  observe: async () => comparisonOf({ of: 'things', compared: 1, differences: [] }),
};
const contract = (checks: readonly PostureCheck[], appliedBy?: string): PostureContract => ({
  name: 'p',
  owner: 'o',
  controls: [],
  appliedBy,
  needs: [],
  prefers: [],
  checks,
  sourceFile: undefined,
});

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'dr-contracts-run-posture-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const run = async (
  made: PostureContract,
  scratchDir: string,
  signal = new AbortController().signal,
  on: Target = target,
) => await runPosture(made, { target: on, project, scratchDir, clock: systemClock, signal, progress: () => undefined });

async function script(dir: string, lines: string): Promise<string> {
  const path = join(dir, 'apply.sh');
  await writeFile(path, `#!/usr/bin/env bash\n${lines}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('a posture that is checked', () => {
  it('goes on when a check fails, which is unproven and says why', async () => {
    const failing = { ...good, name: 'bad', observe: () => Promise.reject(new Error('S3 does not answer')) };
    const record = await run(contract([failing, good]), await scratch());
    expect(record).toMatchObject({
      verdict: 'unproven',
      checks: [{ verdict: 'unproven', observation: null, failure: ['S3 does not answer'] }, { verdict: 'met' }],
    });
    expect(record.checks[0]?.sentence).toBe('It is so: it could not be checked: S3 does not answer.');
  });

  it('does not make a check that needs what the target lacks', async () => {
    const needing: PostureCheck = { ...good, needs: ['velero'], observe: () => Promise.reject(new Error('never')) };
    const { checks } = await run(contract([needing]), await scratch());
    expect(checks[0]?.failure).toEqual(['it needs velero, which the target "made up" does not have']);
  });

  it('puts the platform in place first, with the addresses of the target', async () => {
    const dir = await scratch();
    const applied = await script(dir, `echo "$S3_URL $BACKUP_BUCKET \${KUBECONFIG:-none}" > ${dir}/seen`);
    const reading: PostureCheck = {
      ...good,
      observe: async () => {
        const { readFile } = await import('node:fs/promises');
        return comparisonOf({ of: await readFile(join(dir, 'seen'), 'utf8'), compared: 1, differences: [] });
      },
    };
    const { checks, applyMs } = await run(contract([reading], applied), dir);
    expect(checks[0]?.observation).toMatchObject({ of: 'http://127.0.0.1:1 b none\n' });
    expect(applyMs).toBeGreaterThan(0);
  });

  it('proves nothing on a target where the platform could not be put in place, and shows no secret', async () => {
    const dir = await scratch();
    const applied = await script(dir, 'echo "refused for $AWS_SECRET_ACCESS_KEY" >&2; exit 3');
    const record = await run(contract([good], applied), dir);
    expect(record.verdict).toBe('unproven');
    expect(record.checks[0]?.sentence).toMatch(/could not be put in place .*exited 3: refused for \*\*\*/);
    expect(JSON.stringify(record)).not.toContain(SECRET);
  });

  it.each([
    [
      'reads its variable',
      'echo "$S3_URL"',
      "S3_URL, BACKUP_BUCKET and AWS_* were not set, because nothing here needs s3: add `needs: ['s3']` to the posture.",
    ],
    ['calls a client', 'aws s3 mb s3://backups >&2; exit 1', "add `needs: ['s3']` to the posture."],
    [
      'needs two',
      'echo "$NATS_URL$S3_URL"',
      "nothing here needs nats and s3: add `needs: ['nats', 's3']` to the posture.",
    ],
  ])('names what the script misses because no check needs it: it %s', async (_, line, said) => {
    const dir = await scratch();
    const applied = await script(dir, `set -eu\n# kubectl is not used\n${line}`);
    const kubeconfigPath = join(dir, 'kubeconfig');
    await writeFile(kubeconfigPath, 'users: []\n');
    const cluster = {
      kubeconfigPath,
      veleroNamespace: 'velero',
      backupPrefix: '',
      settings: {},
      nodes: noNodes,
      [Symbol.asyncDispose]: async () => undefined,
    };
    const record = await run(contract([{ ...good, condition: 'access' }], applied), dir, undefined, {
      ...target,
      capabilities: ['kubernetes'],
      ...new Places('made up', ['kubernetes']).shared(sharedKubernetes, cluster).members,
    } as Target);
    expect(record.checks[0]).toMatchObject({ verdict: 'unproven', cause: 'contract-mistake' });
    expect(record.checks[0]?.sentence).toContain(said);
    expect(record.checks[0]?.nextStep).toMatch(/^Correct the contract/);
  });

  it('guesses what a script misses where nothing shows it, and says that it does', async () => {
    const dir = await scratch();
    const applied = await script(dir, 'exit 1');
    const { checks } = await run(contract([good], applied), dir);
    expect(checks[0]?.cause).toBe('check-failed');
    expect(checks[0]?.sentence).toContain(
      "where the script uses them, add `needs: ['nats', 'kubernetes']` to the posture",
    );
  });

  it('does not tell an author to ask for what the posture asked for', async () => {
    const dir = await scratch();
    const applied = await script(dir, 'set -u; echo "$NATS_URL"');
    const { checks } = await run({ ...contract([good], applied), needs: ['nats', 'kubernetes'] }, dir);
    expect(checks[0]?.sentence).not.toContain('needs:');
  });

  it('ends with the reason of an interruption, not with verdicts', async () => {
    const controller = new AbortController();
    const interrupting = {
      ...good,
      observe: () => {
        controller.abort(new Error('interrupted'));
        return Promise.reject(new Error('aborted'));
      },
    };
    await expect(run(contract([interrupting]), await scratch(), controller.signal)).rejects.toThrow('interrupted');
  });
});
