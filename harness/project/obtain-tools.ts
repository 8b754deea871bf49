import type { Toolchain, ToolName } from '../model/target.ts';
import type { TargetName, TargetWish } from '../targets/wishes.ts';
import type { ReadyMade } from '../toolchain/locate.ts';
import type { ObtainOptions } from '../toolchain/obtain.ts';

/**
 * Returns the source of a target's prebuilt programs, for a run, `toolchain` and `doctor` alike. The docker target takes them from its
 * images.
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

/** Obtains the programs of a target. @throws {ExplainedError} when one of them is not available. */
export async function obtainTools(
  target: TargetName,
  names: readonly ToolName[],
  options: ObtainOptions,
): Promise<Toolchain> {
  const { obtainToolchain } = await import('../toolchain/obtain.ts');
  return await obtainToolchain(names, { ...options, readyMade: await readyMadeFor(target, options) });
}

/**
 * Obtains the kubectl that renders manifests before a target is chosen. Takes it from the docker target's images wherever a daemon answers,
 * unless the user named the local target.
 */
export async function obtainKubectl(wish: TargetWish, options: ObtainOptions): Promise<string> {
  const { inspectDaemon } = await import('../targets/docker/daemon.ts');
  const hasDaemon = wish !== 'local' && !('problem' in (await inspectDaemon(options.signal)));
  return (await obtainTools(hasDaemon ? 'docker' : 'local', ['kubectl'], options)).path('kubectl');
}
