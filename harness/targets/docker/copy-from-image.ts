import type { Clock } from '../../clock/clock.ts';
import { openSession, readSessionFile } from '../session.ts';
import { docker, unlessGone } from './docker-command.ts';
import { labelArguments, sessionLabels } from './labels.ts';

export interface CopyStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface Copy {
  /** Absolute path in the container. */
  readonly from: string;
  /** Absolute path on this machine. */
  readonly to: string;
}

/** Work in the container before files are copied out of it. */
export interface Preparation {
  /** Copied into the container first. */
  readonly script: { readonly file: string; readonly to: string };
  readonly command: readonly [string, ...string[]];
}

const REMOVE_BUDGET_MS = 30_000;

/**
 * Copies files out of an image through a container without network. The container is started only if there is a preparation. It carries the
 * marks of a session, so that a collection finds it when this process is killed.
 * @param image its id, so that a pull by another user does not change the copied files.
 */
export async function copyFromImage(
  image: string,
  copies: readonly Copy[],
  { clock, signal }: CopyStep,
  preparation?: Preparation,
): Promise<void> {
  await using session = await openSession(clock);
  const [program = '/copied-from', ...args] = preparation?.command ?? [];
  const name = `dr-${session.id}-copy`;
  await using _removal = {
    [Symbol.asyncDispose]: async () =>
      await unlessGone(docker(['rm', '--force', '--volumes', name], AbortSignal.timeout(REMOVE_BUDGET_MS))),
  };
  await docker(
    [
      'create',
      ...['--name', name, '--pull', 'never', '--network', 'none', '--user', '0', '--entrypoint', program],
      ...labelArguments(sessionLabels(readSessionFile(session.dir))),
      image,
      ...args,
    ],
    signal,
  );
  if (preparation !== undefined) {
    const { file, to } = preparation.script;
    await docker(['cp', file, `${name}:${to}`], signal);
    await docker(['start', '--attach', name], signal);
  }
  for (const { from, to } of copies) await docker(['cp', `${name}:${from}`, to], signal);
}
