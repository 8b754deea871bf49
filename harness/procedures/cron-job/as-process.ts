import { access, mkdtemp, rm, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { ExplainedError } from '../../model/errors.ts';
import type { ProcedureContext } from '../../model/procedure.ts';
import { runProcess } from '../as-process.ts';
import { drillCredentials } from '../drill-variables.ts';
import { type ContainerEnvironment, environmentOf } from './environment.ts';
import { expand } from './expand.ts';
import type { FoundCronJob } from './find.ts';
import { layOut } from './mounts.ts';
import type { CronJobSettings } from './options.ts';
import { rewritePaths } from './rewrite.ts';
import { secretsOfDrill } from './secrets.ts';
import type { Container } from './spec.ts';

export interface CronJobRun {
  readonly found: FoundCronJob;
  readonly container: Container;
  readonly described: CronJobSettings['secrets'];
  /** The drill's variables, those of the contract among them. */
  readonly variables: ReadonlyMap<string, string>;
  readonly context: ProcedureContext;
  /** A folder with the image's Dockerfile, where the contract names one. */
  readonly build?: string | undefined;
}

/** Runs the init containers and then the container as processes of this machine. @returns what the container wrote. */
export async function runAsProcess(run: CronJobRun): Promise<string> {
  const { found, container, described, variables, context } = run;
  const { name } = found.cronJob.metadata;
  const pod = found.cronJob.spec.jobTemplate.spec.template.spec;
  const workDir = await mkdtemp(join(context.step.scratchDir, 'job-'));
  try {
    const known = new Map([...variables, ...drillCredentials(context.target.s3)]);
    const sources = {
      configMaps: found.configMaps,
      secrets: secretsOfDrill(found, described, known, context.step.secrets),
      podDir: join(workDir, 'volumes'),
      claimsDir: join(context.step.scratchDir, `claims-${context.drillId}`),
      fields: new Map([
        ['metadata.name', `${name}-${context.drillId}`],
        ['metadata.namespace', found.namespace],
        ['spec.serviceAccountName', pod.serviceAccountName ?? 'default'],
      ]),
    };
    const start = async (each: Container) => {
      await using mounts = await layOut(pod, each, sources, join(workDir, each.name, 'root'));
      const own = await mkdtemp(join(workDir, `${each.name}-`));
      const place = { root: mounts.root, workDir: own };
      return await runContainer(run, each, environmentOf(each, sources, variables), place);
    };
    for (const init of pod.initContainers) await start(init);
    return await start(container);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

async function runContainer(
  { found, context }: CronJobRun,
  container: Container,
  { variables }: ContainerEnvironment,
  place: { readonly root: string; readonly workDir: string },
): Promise<string> {
  const thing = `container ${container.name} of CronJob ${found.cronJob.metadata.name}`;
  const mountPaths = container.volumeMounts.map(({ mountPath }) => mountPath);
  const here = (text: string) => rewritePaths(text, mountPaths, place.root);
  const [file, ...args] = [...container.command, ...container.args].map((part) => here(expand(part, variables)));
  if (container.command.length === 0 || file === undefined) {
    throw needsImage(thing, `it has no command: what runs is in the image ${container.image}`);
  }
  if (isAbsolute(file) && !(await isThere(file))) {
    throw needsImage(thing, `${file} is not on this machine; the image ${container.image} may have it`);
  }
  const { workingDir } = container;
  const cwd = workingDir === undefined ? undefined : here(expand(workingDir, variables));
  return await runProcess(
    {
      name: thing,
      file,
      args,
      cwd: cwd !== undefined && (await isFolder(cwd)) ? cwd : undefined,
      workDir: place.workDir,
      nextStep: `Start it in the cluster: kubectl --namespace ${found.namespace} create job --from=cronjob/${found.cronJob.metadata.name} NAME`,
      variables: new Map([...variables].map(([name, value]) => [name, here(value)])),
    },
    context,
  );
}

function needsImage(thing: string, observed: string): ExplainedError {
  return new ExplainedError({
    thing,
    expected: 'a command that this machine can run',
    observed,
    nextStep:
      'Give the container a command of a ConfigMap or of a common tool, or drill it where pods run (--target docker).',
  });
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
