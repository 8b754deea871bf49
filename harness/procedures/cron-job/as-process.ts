import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { Scope } from '../../base/scope.ts';
import { NotProvableHereError } from '../../model/errors.ts';
import type { ProcedureContext } from '../../model/procedure.ts';
import { runProcess } from '../../procedure-kit/as-process.ts';
import { expand } from '../../procedure-kit/author-environment.ts';
import type { Machines } from '../../procedure-kit/machines.ts';
import type { ProgramRun } from '../../process/program.ts';
import { removeTree } from '../../process/sandbox/machine.ts';
import { environmentOf } from './environment.ts';
import type { FoundCronJob } from './find.ts';
import { mountsOf } from './mounts.ts';
import type { CronJobSettings } from './options.ts';
import { secretsOfDrill } from './secrets.ts';
import { type ContainerRun, isSidecar, startSidecar } from './sidecar.ts';
import type { Container } from './spec.ts';

export interface CronJobRun {
  readonly found: FoundCronJob;
  readonly container: Container;
  readonly described: CronJobSettings['secrets'];
  /** The drill's variables, those of the contract among them. */
  readonly variables: ReadonlyMap<string, string>;
  /** The drill's own of the store, which the CronJob's Secrets may name. */
  readonly credentials: ReadonlyMap<string, string>;
  readonly context: ProcedureContext;
  /** The machine of the container, and what production keeps of it. */
  readonly machine: Machines;
  /** A folder with the image's Dockerfile, where the contract names one. */
  readonly build?: string | undefined;
}

/**
 * Runs the init containers, and then the container, as processes of this machine: each on a machine of its own, with the pod's
 * volumes at their places. Sidecars run beside it and end when it does.
 */
export async function runAsProcess(run: CronJobRun): Promise<ProgramRun> {
  const { found, container, described, variables, credentials, context } = run;
  const { name } = found.cronJob.metadata;
  const { step } = context;
  const pod = found.cronJob.spec.jobTemplate.spec.template.spec;
  await using scope = new Scope({ what: `CronJob ${name}`, clock: step.clock });
  const podDir = await mkdtemp(join(step.scratchDir, 'volumes-'));
  scope.defer('volumes', () => removeTree(podDir));
  const known = new Map([...variables, ...credentials]);
  const fields = new Map([
    ['metadata.name', `${name}-${context.drillId}`],
    ['metadata.namespace', found.namespace],
    ['spec.serviceAccountName', pod.serviceAccountName ?? 'default'],
  ]);
  const sources = {
    configMaps: found.configMaps,
    secrets: secretsOfDrill(found, described, known, step.secrets),
    podDir,
    claimsDir: join(step.scratchDir, `claims-${context.drillId}`),
    fields,
  };
  await mkdir(sources.claimsDir, { recursive: true });
  const start = async (each: Container, { command, signal, onStarted }: ContainerRun = {}) => {
    const environment = environmentOf(each, sources, variables);
    const mounts = await mountsOf(pod, each, { ...sources, variables: environment.variables });
    const own = signal === undefined ? context : { ...context, step: { ...step, signal } };
    const [file, ...args] = commandOf(run, each, environment.variables, command);
    const { workingDir } = each;
    return await runProcess(
      {
        name: thingOf(run, each),
        file,
        args,
        image: each.image,
        cwd: workingDir === undefined ? undefined : expand(workingDir, environment.variables),
        mounts,
        machine: each === container ? run.machine : { name: 'pod' },
        variables: environment.variables,
        onStarted,
        nextStep:
          'Run the command of the container by hand with the same variables, or drill the CronJob where pods run: `npx dr-contracts drill --target docker`.',
      },
      own,
    );
  };
  for (const init of pod.initContainers) {
    if (isSidecar(init)) {
      const sidecar = startSidecar(init, thingOf(run, init), (one) => start(init, one), step);
      scope.own(`container ${init.name}`, sidecar);
      await sidecar.started;
    } else {
      await start(init);
    }
  }
  return await start(container);
}

const thingOf = ({ found }: CronJobRun, { name }: Container): string =>
  `container ${name} of CronJob ${found.cronJob.metadata.name}`;

function commandOf(
  run: CronJobRun,
  container: Container,
  variables: ReadonlyMap<string, string>,
  command: readonly string[] | undefined,
): [file: string, ...args: string[]] {
  // A probe's command is taken as it is written; https://kubernetes.io/docs/reference/kubernetes-api/ (ExecAction).
  const [file, ...args] = command ?? [...container.command, ...container.args].map((part) => expand(part, variables));
  if (file !== undefined && (command !== undefined || container.command.length > 0)) return [file, ...args];
  throw new NotProvableHereError({
    thing: thingOf(run, container),
    expected: 'a command that this machine can run',
    observed: `it has no command: the program is in the image ${container.image}`,
    nextStep: 'Give the container a command, or drill it where pods run (--target docker).',
  });
}
