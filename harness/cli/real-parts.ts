import type { ProjectNeeds } from '../contract/wanted-parts.ts';
import type { DrillRecord, Judgement } from '../model/record.ts';
import type { Toolchain, ToolName } from '../model/target.ts';
import { capabilities } from '../registered/providers.ts';
import { requireFreeSpace } from '../reporting/out-folder.ts';
import type { TargetName, TargetWish } from '../targets/wishes.ts';
import { localToolNames, toolNames } from '../toolchain/recipes.ts';
import type { DoctorParts } from './doctor-command.ts';
import type { AffectedContracts } from './drill-command.ts';
import type { DrillParts, PartStep } from './drill-parts.ts';
import type { LoadPromises } from './gate/ask-gate.ts';
import type { CollectGarbage } from './gc-command.ts';
import type { ListContracts } from './list-command.ts';
import type { LoadPlannedPromises } from './plan-command.ts';
import type { LoadRunbookContracts } from './runbook-command.ts';
import type { BuilderParts, ToolchainParts } from './toolchain-command.ts';

// The only connection of the command line to the real systems. Each is loaded when it is used: `--help` needs none of them.

/** Seeds, fingerprints and journals of a few concurrent drills, with a margin. */
const NEEDED_SCRATCH_BYTES = 2 ** 29;

export const drillParts: DrillParts = {
  async chooseTarget(wish, needs, step) {
    const choosing = await import('../targets/choose-target.ts');
    return choosing.chooseTarget(wish, needs, step);
  },
  async obtainPrograms(target, wishes, step) {
    const [{ beginObtaining }, { toolsOfParts }, { readyMadeFor }] = await Promise.all([
      import('../toolchain/obtain.ts'),
      import('../contract/wanted-parts.ts'),
      import('../project/obtain-tools.ts'),
    ]);
    const options = obtainOptionsOf(step);
    const tools = wishes.map((wish) => toolsOfParts(target, wish));
    const supply = beginObtaining(tools, {
      ...options,
      givesWay: true,
      readyMade: await readyMadeFor(target, options),
    });
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
  async neededTools(root, configFile, wish, step) {
    const { target, promises } = await needsOf(root, configFile, wish, step);
    return promises === undefined
      ? { target }
      : { target, names: toolNames.filter((name) => promises.tools.has(name)) };
  },
  async obtainTools({ target, names }, step) {
    return await obtain(target, names ?? (await everyToolOf(target)), step);
  },
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

export const builderParts: BuilderParts = {
  neededTools: toolchainParts.neededTools,
  async neededBuilders(names) {
    const { neededBuilders } = await import('../toolchain/inspect.ts');
    return await neededBuilders(names);
  },
};

export const collectGarbage: CollectGarbage = async (options) => {
  const garbage = await import('../targets/garbage.ts');
  return garbage.collectGarbage(options);
};

export const doctorParts: DoctorParts = {
  needs: async (root, configFile, wish) => await needsOf(root, configFile, wish),
  async inspectToolchain(target) {
    const [{ inspectToolchain }, { readyMadeFor }] = await Promise.all([
      import('../toolchain/inspect.ts'),
      import('../project/obtain-tools.ts'),
    ]);
    return await inspectToolchain(await readyMadeFor(target, await quietStep()));
  },
  async inspectBuilders(missing) {
    const { inspectBuilders } = await import('../toolchain/inspect.ts');
    return inspectBuilders(missing);
  },
  async inspectSandbox(wish) {
    const { hostSandbox } = await import('../toolchain/host-sandbox.ts');
    return hostSandbox({ wish, ...(await quietStep()), install: false });
  },
  async inspectDocker() {
    const docker = await import('../targets/docker/inspect.ts');
    return docker.inspectDocker();
  },
  collectGarbage,
};

export const listContracts: ListContracts = async (contractFiles) => {
  const contracts = await import('../contract/load.ts');
  return contracts.listContracts(contractFiles);
};

export const loadRunbookContracts: LoadRunbookContracts = async (contractFiles, step, outDir) => {
  const contracts = await import('../contract/runbook-contracts.ts');
  return contracts.loadRunbookContracts({ contractFiles, outDir }, kubectlFor(step), step.signal);
};

const kubectlFor = (step: PartStep) => async () =>
  await (await import('../project/obtain-tools.ts')).obtainKubectl('auto', obtainOptionsOf(step));

export const loadPlannedPromises: LoadPlannedPromises = async (contractFiles, step, outDir) => {
  const contracts = await import('../contract/runbook-contracts.ts');
  return contracts.loadPlannedPromises({ contractFiles, outDir }, kubectlFor(step), step.signal);
};

export const loadPromises: LoadPromises = async (project) => {
  const { statedPromises } = await import('../contract/promise-facts.ts');
  return await statedPromises(project);
};

export const affectedContracts: AffectedContracts = async (project, since, signal) => {
  const affected = await import('../contract/promise-facts.ts');
  return await affected.affectedContracts(project, since, signal);
};

export async function loadJudge(): Promise<(record: DrillRecord) => Judgement> {
  const { judge } = await import('../verdict/judge.ts');
  return judge;
}

/** Finds the needs for the target that a run would choose. Fetches images only with a step. */
async function needsOf(
  root: string,
  configFile: string | undefined,
  wish: TargetWish | undefined,
  step?: PartStep,
): Promise<ProjectNeeds> {
  const [{ needsOfProject }, { chooseTarget, expectedTarget }] = await Promise.all([
    import('../contract/wanted-parts.ts'),
    import('../targets/choose-target.ts'),
  ]);
  return await needsOfProject(root, configFile, wish, async (wanted, parts) =>
    step === undefined
      ? await expectedTarget(wanted, parts, new AbortController().signal)
      : await chooseTarget(wanted, parts, step),
  );
}

async function everyToolOf(target: TargetName): Promise<readonly ToolName[]> {
  if (target === 'local') return localToolNames;
  const { toolsFor } = await import('../project/start-target.ts');
  return toolsFor(target, capabilities());
}

async function quietStep() {
  const { systemClock } = await import('../clock/clock.ts');
  return { clock: systemClock, signal: new AbortController().signal, progress: () => undefined };
}

async function obtain(target: TargetName, names: readonly ToolName[], step: PartStep): Promise<Toolchain> {
  const { obtainTools } = await import('../project/obtain-tools.ts');
  return await obtainTools(target, names, obtainOptionsOf(step));
}

const obtainOptionsOf = (step: PartStep) => ({
  progress: (message: string) => step.progress(message),
  signal: step.signal,
  clock: step.clock,
  activities: step.activities,
});
