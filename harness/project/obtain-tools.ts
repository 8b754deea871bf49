import type { Toolchain, ToolName } from '../model/target.ts';
import type { TargetName, TargetWish } from '../targets/wishes.ts';
import type { ReadyMade } from '../toolchain/locate.ts';
import type { ObtainOptions } from '../toolchain/obtain.ts';

/**
 * Where a target's programs are ready-made: what a run, `toolchain` and `doctor` all ask. The docker target takes them out of its images.
 * @returns undefined for a target whose programs are all built.
 */
export async function readyMadeFor(
  target: TargetName,
  { clock, signal, progress }: ObtainOptions,
): Promise<ReadyMade | undefined> {
  if (target !== 'docker') return undefined;
  const [{ imagePrograms }, { dockerSettings }] = await Promise.all([
    import('../targets/docker/image-programs.ts'),
    import('../targets/docker/settings.ts'),
  ]);
  return imagePrograms(dockerSettings(), { clock, signal, progress: (message) => progress(message) });
}

/** The programs of a target. @throws {ExplainedError} when one of them cannot be had. */
export async function obtainTools(
  target: TargetName,
  names: readonly ToolName[],
  options: ObtainOptions,
): Promise<Toolchain> {
  const { obtainToolchain } = await import('../toolchain/obtain.ts');
  return await obtainToolchain(names, { ...options, readyMade: await readyMadeFor(target, options) });
}

/**
 * The kubectl that renders manifests before a target is chosen. It is that of the docker target's images wherever a daemon answers, unless
 * the local target was asked for.
 */
export async function obtainKubectl(wish: TargetWish, options: ObtainOptions): Promise<string> {
  const { inspectDaemon } = await import('../targets/docker/daemon.ts');
  const hasDaemon = wish !== 'local' && !('problem' in (await inspectDaemon(options.signal)));
  return (await obtainTools(hasDaemon ? 'docker' : 'local', ['kubectl'], options)).path('kubectl');
}
