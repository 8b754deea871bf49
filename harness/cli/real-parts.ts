import type { DrillRecord, Judgement } from '../model/record.ts';
import { localToolNames, type Toolchain, type ToolName } from '../model/tools.ts';
import { requireFreeSpace } from '../reporting/out-folder.ts';
import type { DoctorParts } from './doctor-command.ts';
import type { AffectedContracts } from './drill-affected.ts';
import type { DrillParts, PartStep } from './drill-parts.ts';
import type { LoadPromises } from './gate/ask-gate.ts';
import type { CollectGarbage } from './gc-command.ts';
import type { ListContracts } from './list-command.ts';
import type { LoadRunbookContracts } from './runbook-command.ts';
import type { ToolchainParts } from './toolchain-command.ts';

// The one place where the command line meets the real systems. Each is loaded when it is used: `--help` needs none of them.

/** Seeds, fingerprints and journals of a few drills at once, with room to spare. */
const NEEDED_SCRATCH_BYTES = 2 ** 29;

export const drillParts: DrillParts = {
  async chooseTarget(wish, needs, step) {
    const choosing = await import('../targets/choose-target.ts');
    return choosing.chooseTarget(wish, needs, step);
  },
  async obtainPrograms(target, wishes, step) {
    const [{ beginObtaining }, { toolsOfParts }] = await Promise.all([
      import('../toolchain/obtain.ts'),
      import('../contract/wanted-parts.ts'),
    ]);
    const tools = wishes.map((wish) => toolsOfParts(target, wish));
    const supply = beginObtaining(tools, { ...obtainOptionsOf(step), givesWay: true });
    return {
      of: async (wanted) => await supply.obtained(toolsOfParts(target, wanted)),
      [Symbol.asyncDispose]: async () => await supply[Symbol.asyncDispose](),
    };
  },
  async startTarget(options, step) {
    const { openTarget } = await import('../project/start-target.ts');
    return await openTarget(options, step);
  },
  async openScratch(clock) {
    const { openSession } = await import('../targets/session.ts');
    const { ensureScratchRoot } = await import('../process/scratch.ts');
    const root = ensureScratchRoot();
    await requireFreeSpace(`scratch folder ${root}`, root, NEEDED_SCRATCH_BYTES);
    const session = await openSession(clock);
    return { dir: session.folder('drills'), [Symbol.asyncDispose]: async () => session[Symbol.asyncDispose]() };
  },
  async runContracts(options) {
    const { runContracts } = await import('../contract/run-contracts.ts');
    return runContracts(options);
  },
};

export const toolchainParts: ToolchainParts = {
  neededTools,
  obtainTools: async (names, step) => await obtain(names ?? localToolNames, step),
  async obtainSandbox({ clock, signal, progress }) {
    const { hostSandbox } = await import('../toolchain/host-sandbox.ts');
    return await hostSandbox({ clock, signal, progress });
  },
  async packTools(names, file, { clock, signal, progress }) {
    const { packToolchain } = await import('../toolchain/pack/index.ts');
    return await packToolchain(names, file, { clock, signal, progress });
  },
  async installPack(file, digest, { clock, signal, progress }) {
    const { unpackToolchain } = await import('../toolchain/pack/index.ts');
    return await unpackToolchain(file, digest, { clock, signal, progress });
  },
  async toolchainKey(names) {
    const { toolchainKey } = await import('../toolchain/pack/index.ts');
    return await toolchainKey(names);
  },
};

export const collectGarbage: CollectGarbage = async (options) => {
  const garbage = await import('../targets/garbage.ts');
  return garbage.collectGarbage(options);
};

export const doctorParts: DoctorParts = {
  neededTools,
  async inspectToolchain() {
    const { inspectToolchain } = await import('../toolchain/inspect.ts');
    return inspectToolchain();
  },
  async inspectBuilders() {
    const { inspectBuilders } = await import('../toolchain/inspect.ts');
    return inspectBuilders();
  },
  async inspectSandbox(wish) {
    const [{ hostSandbox }, { systemClock }] = await Promise.all([
      import('../toolchain/host-sandbox.ts'),
      import('../clock/clock.ts'),
    ]);
    const signal = new AbortController().signal;
    return hostSandbox({ wish, clock: systemClock, signal, progress: () => undefined, install: false });
  },
  async inspectDocker() {
    const docker = await import('../targets/docker/inspect.ts');
    return docker.inspectDocker();
  },
  collectGarbage,
};

export const listContracts: ListContracts = async (contractFiles) => {
  const contracts = await import('../contract/list-contracts.ts');
  return contracts.listContracts(contractFiles);
};

export const loadRunbookContracts: LoadRunbookContracts = async (contractFiles, step) => {
  const contracts = await import('../contract/runbook-contracts.ts');
  return contracts.loadRunbookContracts(
    contractFiles,
    async () => (await obtain(['kubectl'], step)).path('kubectl'),
    step.signal,
  );
};

export const loadPromises: LoadPromises = async (project) => {
  const { statedPromises } = await import('../contract/stated-promises.ts');
  return await statedPromises(project);
};

export const affectedContracts: AffectedContracts = async (project, since, signal) => {
  const affected = await import('../contract/affected-contracts.ts');
  return await affected.affectedContracts(project, since, signal);
};

export async function loadJudge(): Promise<(record: DrillRecord) => Judgement> {
  const { judge } = await import('../verdict/judge.ts');
  return judge;
}

async function neededTools(root: string, configFile: string | undefined): Promise<readonly ToolName[] | undefined> {
  const { toolsOfContracts } = await import('../contract/wanted-parts.ts');
  return await toolsOfContracts(root, configFile);
}

async function obtain(names: readonly ToolName[], step: PartStep): Promise<Toolchain> {
  const { obtainToolchain } = await import('../toolchain/obtain.ts');
  return obtainToolchain(names, obtainOptionsOf(step));
}

const obtainOptionsOf = (step: PartStep) => ({
  progress: (message: string) => step.progress(message),
  signal: step.signal,
  clock: step.clock,
  activities: step.activities,
});
