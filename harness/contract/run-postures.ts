import type { PostureContract, PostureProject, PostureRecord } from '../model/posture.ts';
import type { Target } from '../model/target.ts';
import { runPosture } from '../posture/run-posture.ts';
import type { ContractRunOptions } from './run-contracts.ts';

/** Checks them one after the other: two that put the same platform in place must not do so at once. */
export async function runPostures(
  postures: readonly PostureContract[],
  target: Target,
  project: PostureProject,
  { clock, signal, scratchDir, listener, onPosture, secrets }: ContractRunOptions,
): Promise<readonly PostureRecord[]> {
  const records: PostureRecord[] = [];
  const progress = (message: string) => listener({ kind: 'progress', drill: 'posture', message });
  for (const contract of postures) {
    const record = await runPosture(contract, {
      target,
      project,
      scratchDir,
      clock,
      signal,
      progress,
      ...(secrets === undefined ? {} : { secrets }),
    });
    onPosture?.(record);
    records.push(record);
  }
  return records;
}
