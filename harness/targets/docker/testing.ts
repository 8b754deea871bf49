import { systemClock } from '../../clock/clock.ts';
import type { Capability } from '../../model/service.ts';
import type { Toolchain, ToolName } from '../../model/target.ts';
import { obtainTools } from '../../project/obtain-tools.ts';
import { type StartedTarget, startTarget } from '../start.ts';
import { findResources } from './resources.ts';
import { inContainers } from './runtime.ts';

/** Never aborts: the test's own time limit ends it. */
export const patient = new AbortController().signal;

const dockerTools: readonly ToolName[] = ['nats', 'kubectl', 'velero', 'aws'];

export const testToolchain = (): Promise<Toolchain> =>
  obtainTools('docker', dockerTools, { clock: systemClock, signal: patient, progress: () => undefined });

export async function startParts(...parts: Capability[]): Promise<StartedTarget> {
  return await startTarget(inContainers(), {
    toolchain: await testToolchain(),
    parts,
    clock: systemClock,
    signal: patient,
    progress: () => undefined,
  });
}

/** Lists the session's remaining objects in the daemon, as `kind name`. */
export async function leftOf(sessionId: string): Promise<string[]> {
  return (await findResources(patient, sessionId)).map(({ kind, name }) => `${kind} ${name}`).toSorted();
}
