import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { comparisonOf } from '../../model/comparison.ts';
import type { PodTrialEnd } from '../../systems/kubernetes/posture/pod-trial.ts';
import { judgeCheck } from '../../verdict/posture.ts';
import { compareRequests, notTried, requestScript } from './pod-requests.ts';

const given = { namespace: 'agents', image: 'tools:1', bucket: 'backups', prefix: 'nats/', notVerified: [] };
const judged = (end: PodTrialEnd) =>
  judgeCheck({
    promise: 'A pod reaches the bucket',
    observation: comparisonOf(compareRequests(end, given)),
    failure: null,
  });

/** Runs the pod's script with that shell text in place of the aws command line. @returns its termination log. */
async function saidWith(aws: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-pod-requests-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const log = join(folder, 'log');
  await writeFile(join(folder, 'aws'), `#!/bin/sh\nshift 4\n${aws}\n`);
  await chmod(join(folder, 'aws'), 0o755);
  const script = requestScript.replaceAll('/dev/termination-log', log);
  const env = {
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    DR_BUCKET: 'backups',
    DR_PREFIX: 'nats/',
    DR_KEY: 'nats/key',
    DR_CONTENT: 'what was written',
    STORE: join(folder, 'store'),
  };
  await promisify(execFile)('sh', ['-c', script], { env });
  return await readFile(log, 'utf8');
}

/** Keeps the written object and returns it. */
const STORE = `case "$*" in
  *list-objects-v2*) exit 0 ;;
  "s3 cp - "*) cat >"$STORE" ;;
  *) cat "$STORE" ;;
esac`;

describe('the requests of a pod', () => {
  it('are met when the pod lists, writes and reads back', async () => {
    expect(judged({ said: await saidWith(STORE) })).toMatchObject({
      verdict: 'met',
      sentence: expect.stringContaining('3 requests from a pod compared, all as promised'),
    });
  });

  it('are breached one by one, each with what the service answered', async () => {
    const said = await saidWith(`case "$*" in *list*) echo "AccessDenied" >&2; exit 1 ;; esac\n${STORE}`);
    expect(judged({ said })).toMatchObject({
      verdict: 'breached',
      cause: 'bucket-not-reached',
      sentence: expect.stringContaining(
        '1 of 3 requests from a pod is not as promised: a listing with the prefix (backups/nats/): expected to succeed, found AccessDenied.',
      ),
    });
  });

  it('are breached when other content comes back than was written', async () => {
    const said = await saidWith(STORE.replace('cat "$STORE"', 'echo something else'));
    expect(judged({ said }).sentence).toContain('found other content came back: something else');
  });

  it('are breached where one was never made, and where the answer is long the log keeps all three', async () => {
    expect(judged({ said: 'list ok\n' }).sentence).toContain('an object that is written (backups/nats/)');
    const said = await saidWith('yes "a long complaint" | head -n 4000; exit 1');
    expect(said.length).toBeLessThan(4_096);
    expect(judged({ said }).sentence).toContain('3 of 3 requests');
  });

  it('are breached when the pod never ran to its end, with the reason', () => {
    expect(judged({ neverEnded: 'it never started: ErrImageNeverPull' }).sentence).toContain(
      'the pod in agents with image tools:1: expected to run to its end, found it never started: ErrImageNeverPull',
    );
  });

  it('are breached when nothing could be asked', () => {
    const observation = comparisonOf(notTried('Secret agents/key', 'no such Secret', 'Create it.'));
    expect(judgeCheck({ promise: 'p', observation, failure: null })).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringContaining(
        'Secret agents/key: expected everything that the pod needs to reach the bucket',
      ),
    });
  });
});
