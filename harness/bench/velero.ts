import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { median } from '../base/median.ts';
import { systemClock } from '../clock/clock.ts';
import { newDrillId } from '../contract/drill-contract.ts';
import type { OpenAsset } from '../model/asset.ts';
import { Secrets } from '../model/secrets.ts';
import type { Step } from '../model/step.ts';
import type { Target } from '../model/target.ts';
import { type Command, runCommand } from '../process/run.ts';
import type { Figure } from './figures.ts';
import { type MeasuredDrill, runMetDrill } from './one-drill.ts';

/** Velero's backup, the disaster and the restore as an operator types them. */
const bareVelero = (asset: OpenAsset, drillId: string, target: Target, workDir: string): readonly Command[] => {
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

const STAGES = ['backup', 'disaster', 'restore'];

/** How long a drill's backup, disaster and restore take, against the same commands of Velero and kubectl alone, round by round. */
export async function benchVelero(drill: Omit<MeasuredDrill, 'listener'>, rounds: number): Promise<Figure> {
  const ratios: number[] = [];
  const shown: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const bareMs = await timeBare(drill);
    const { stages } = await runMetDrill(drill);
    const drillMs = stages
      .filter(({ name }) => STAGES.includes(name))
      .reduce((sum, { durationMs }) => sum + durationMs, 0);
    ratios.push(drillMs / bareMs);
    shown.push(`${(drillMs / 1_000).toFixed(1)}/${(bareMs / 1_000).toFixed(1)} s`);
  }
  return {
    name: `${drill.contract.name}: drill / bare commands`,
    value: median(ratios),
    unit: 'ratio',
    bound: { atMost: 1.15 },
    detail: `velero, kubectl; ${shown.join(', ')}`,
  };
}

/** Seeds the same asset as a drill would and times the bare commands, in milliseconds. */
async function timeBare({ contract, disaster, target, scratchDir, signal }: MeasuredDrill): Promise<number> {
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
    for (const command of bareVelero(asset, drillId, target, workDir)) await runCommand(command, signal);
    return systemClock.monotonicMs() - beganMs;
  } finally {
    await asset[Symbol.asyncDispose]();
    await rm(workDir, { recursive: true, force: true });
  }
}
