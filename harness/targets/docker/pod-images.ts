import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import type { ImageLoading } from '../../model/target.ts';
import type { ToolName } from '../../model/tools.ts';
import { formatDuration } from '../../model/units.ts';
import { obtainToolchain } from '../../toolchain/index.ts';
import { versions } from '../../toolchain/versions.ts';
import type { DockerContext } from './context.ts';
import { docker } from './docker-command.ts';

/** Images for pods that can be made of a program of the toolchain, under the name that manifests give them. */
const makeable: ReadonlyMap<string, ToolName> = new Map([[`prom/prometheus:v${versions.prometheus}`, 'prometheus']]);

/**
 * Sees to it that the daemon has an image for pods: there, else pulled, else built from the folder that is named, else made of
 * the toolchain's own program where it has one. The last is slow from nothing (minutes), and says how long it took.
 * @throws {ExplainedError} when it is not there, cannot be pulled, and is none that can be made.
 */
export async function ensurePodImage(
  reference: string,
  { settings, clock }: Pick<DockerContext, 'settings' | 'clock'>,
  signal: AbortSignal,
  { progress = () => undefined, buildFrom }: ImageLoading = {},
): Promise<void> {
  if (await isThere(reference, signal)) return;
  let reason = 'DR_CONTRACTS_PULL=never';
  if (settings.pull !== 'never') {
    try {
      progress(`pulling ${reference}`);
      await docker(['pull', '--quiet', reference], signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      reason = summaryOf(error);
    }
  }
  if (buildFrom !== undefined) {
    progress(`building image ${reference} from ${buildFrom}`);
    await docker(['build', '--quiet', '--tag', reference, buildFrom], signal);
    return;
  }
  const program = makeable.get(reference);
  if (program === undefined) {
    throw new ExplainedError({
      thing: `image ${reference}`,
      expected: 'to be in the docker daemon, or in a registry that it reaches',
      observed: `it is not there, and was not pulled: ${reason}`,
      nextStep: `Pull or load it (docker pull ${reference}), or name another one in the manifests.`,
    });
  }
  const beganMs = clock.monotonicMs();
  progress(`making image ${reference} of the toolchain's ${program}, because it cannot be pulled`);
  await makeImage(reference, program, { clock, signal, progress });
  progress(`image ${reference} made in ${formatDuration(clock.monotonicMs() - beganMs)}`);
}

async function isThere(reference: string, signal: AbortSignal): Promise<boolean> {
  try {
    await docker(['image', 'inspect', '--format', '{{.Id}}', reference], signal);
    return true;
  } catch (error) {
    if (error instanceof ExplainedError && /no such image/i.test(error.explanation.observed)) return false;
    throw error;
  }
}

/** A static program alone: no base image is needed. Users of the image find it at `/bin/<program>`, as in the official one. */
async function makeImage(
  reference: string,
  program: ToolName,
  options: Parameters<typeof obtainToolchain>[1],
): Promise<void> {
  const toolchain = await obtainToolchain([program], options);
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-image-'));
  try {
    await copyFile(toolchain.path(program), join(folder, program));
    const dockerfile = `FROM scratch\nCOPY ${program} /bin/${program}\nUSER 65534\nENTRYPOINT ["/bin/${program}"]\n`;
    await writeFile(join(folder, 'Dockerfile'), dockerfile);
    await docker(
      ['build', '--quiet', '--label', 'dr-contracts.made-of=toolchain', '--tag', reference, folder],
      options.signal,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
