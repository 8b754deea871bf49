import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemClock } from '../clock/clock.ts';
import { newDrillId } from '../contract/drill-files.ts';
import type { OpenAsset } from '../model/asset.ts';
import type { Contract } from '../model/contract.ts';
import { Secrets } from '../model/secrets.ts';
import type { Step } from '../model/step.ts';
import type { Target } from '../model/target.ts';
import { type Command, runCommand } from '../process/run.ts';

/** The tool commands that an operator would type for backup, disaster and restore, with nothing around them. */
export type BareCommands = (asset: OpenAsset, drillId: string, target: Target, workDir: string) => readonly Command[];

const backupsOf = (target: Target, drillId: string, workDir: string): Record<string, string> => {
  const { s3 } = target;
  return {
    AWS_ENDPOINT_URL: s3.endpoint,
    AWS_REGION: s3.region,
    AWS_DEFAULT_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    BACKUP_BUCKET: s3.backupBucket,
    BACKUP_PREFIX: `bare/${drillId}/`,
    WORK_DIR: workDir,
  };
};

const programs = (target: Target, names: readonly ('nats' | 'aws' | 'kubectl' | 'velero')[]): string =>
  [...names.map((name) => resolve(target.tool(name), '..')), process.env['PATH'] ?? ''].join(':');

export const bareNats: BareCommands = (asset, drillId, target, workDir) => {
  const env = {
    ...asset.environment(),
    ...backupsOf(target, drillId, workDir),
    HOME: workDir,
    PATH: programs(target, ['nats', 'aws']),
  };
  const scripts = resolve('fixtures/platform/scripts');
  // As an operator would do it by hand: the place that the backup names is what the restore is given.
  const byHand = [
    `place="$(${scripts}/nats-backup.sh | sed -n 's#.*\\(s3://[^ ]*\\) .*#\\1#p')"`,
    'for stream in $STREAMS; do nats --server "$NATS_URL" stream rm --force "$stream"; done',
    `RECOVERY_POINT="$place" exec ${scripts}/nats-restore.sh`,
  ].join('\n');
  return [{ name: 'nats by hand', file: 'bash', args: ['-ec', byHand], env, cwd: workDir }];
};

export const bareBucket: BareCommands = (asset, drillId, target, workDir) => {
  const env = {
    ...asset.environment(),
    ...backupsOf(target, drillId, workDir),
    HOME: workDir,
    PATH: programs(target, ['aws']),
  };
  const name = env['ASSET_BUCKET' as keyof typeof env];
  // The restore goes back to a whole second, as S3 stamps them; the deletion therefore waits for a fresh one, as the drill does.
  const remove = `sleep 1; date -u +%FT%T.000Z >point; aws s3 rm --recursive --only-show-errors "s3://${name}"`;
  const restore = `RECOVERY_POINT_TIME="$(cat point)" exec "${process.execPath}" ${resolve('fixtures/platform/scripts/buckets/bucket-restore.mjs')}`;
  return [
    { name: 'aws s3 rm', file: 'bash', args: ['-ec', remove], env, cwd: workDir },
    { name: 'bucket-restore.mjs', file: 'bash', args: ['-ec', restore], env, cwd: workDir },
  ];
};

export const bareVelero: BareCommands = (asset, drillId, target, workDir) => {
  const { KUBECONFIG = '', ASSET_NAMESPACE = '', VELERO_NAMESPACE = '' } = asset.environment();
  const env = { KUBECONFIG, HOME: workDir };
  const velero = (...args: string[]): Command => ({
    name: `velero ${args.slice(0, 2).join(' ')}`,
    file: target.tool('velero'),
    args: ['--namespace', VELERO_NAMESPACE, ...args],
    env,
  });
  const name = `bare-${drillId}`;
  return [
    velero('backup', 'create', name, '--include-namespaces', ASSET_NAMESPACE, '--wait'),
    {
      name: 'kubectl delete namespace',
      file: target.tool('kubectl'),
      args: ['delete', 'namespace', ASSET_NAMESPACE, '--wait'],
      env,
    },
    velero('restore', 'create', name, '--from-backup', name, '--wait'),
  ];
};

/** Seeds the same asset as a drill would and times the bare commands, in milliseconds. */
export async function timeBare(
  contract: Contract,
  disaster: string,
  commands: BareCommands,
  target: Target,
  scratchDir: string,
): Promise<number> {
  const signal = new AbortController().signal;
  const drillId = newDrillId();
  const workDir = await mkdtemp(join(scratchDir, 'bare-'));
  const step: Step = {
    clock: systemClock,
    signal,
    scratchDir: workDir,
    secrets: new Secrets(),
    progress: () => undefined,
  };
  const asset = await contract.asset.open({ target, drillId, disaster, scale: 1, step });
  try {
    await asset.seed(step);
    const beganMs = systemClock.monotonicMs();
    for (const command of commands(asset, drillId, target, workDir)) await runCommand(command, signal);
    return systemClock.monotonicMs() - beganMs;
  } finally {
    await asset[Symbol.asyncDispose]();
    await rm(workDir, { recursive: true, force: true });
  }
}
