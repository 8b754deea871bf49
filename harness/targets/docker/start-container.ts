import type { Readable } from 'node:stream';
import type { Clock } from '../../clock/clock.ts';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import { docker, dockerLines, unlessGone } from './docker-command.ts';

const LOG_LINES = 8;
const LOG_CHARACTERS = 8_000;

/** The last lines of a container's log, kept from its start: a container that does not become ready is removed with its log. */
export class ContainerLog {
  #tail = '';

  /** For `withLogConsumer`. */
  readonly consume = (output: Readable): void => {
    output.on('data', (chunk: string | Buffer) => {
      const text = chunk.toString();
      this.#tail = `${this.#tail}${text.endsWith('\n') ? text : `${text}\n`}`.slice(-LOG_CHARACTERS);
    });
  };

  lastLines(): readonly string[] {
    return this.#tail
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-LOG_LINES);
  }
}

type Containers = typeof import('./containers.ts');

/** Loads testcontainers, set up for this process. */
export function loadContainers(): Promise<Containers> {
  // The harness collects by its own labels; these cover more than containers and need no extra container.
  process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true';
  // Published ports are reached on loopback. Inside a container, testcontainers would guess the bridge's gateway.
  process.env.TESTCONTAINERS_HOST_OVERRIDE ??= '127.0.0.1';
  return import('./containers.ts');
}

/**
 * Waits for a container that is starting. Aborting the signal removes the container, and so ends the start.
 * @throws {ExplainedError} with the last lines of the container's log.
 */
export async function untilStarted<T>(
  name: string,
  starting: Promise<T>,
  log: ContainerLog,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await untilAborted(starting, signal);
  } catch (error) {
    await endStart(name, starting, clock);
    signal.throwIfAborted();
    throw new ExplainedError(
      {
        thing: `container ${name}`,
        expected: 'to start and become ready',
        observed: [summaryOf(error), ...log.lastLines()].join(' / '),
        nextStep: 'Run npx dr-contracts doctor. If it finds no problem, check what the lines above name.',
      },
      { cause: error },
    );
  }
}

const REMOVE_BUDGET_MS = 30_000;
const PAUSE_MS = 200;

/** Ends a start by removing the container, because testcontainers cannot cancel one. */
async function endStart(name: string, starting: Promise<unknown>, clock: Clock): Promise<void> {
  const over = new AbortController();
  const settled = starting.then(
    () => over.abort(),
    () => over.abort(),
  );
  while (!over.signal.aborted) {
    await removeContainer(name, AbortSignal.timeout(REMOVE_BUDGET_MS));
    await Promise.race([settled, clock.pause(PAUSE_MS, over.signal).catch(() => undefined)]);
  }
  await removeContainer(name, AbortSignal.timeout(REMOVE_BUDGET_MS));
}

/** Removes the container with its anonymous volumes. Accepts one that does not exist. */
export async function removeContainer(name: string, signal: AbortSignal): Promise<void> {
  await unlessGone(docker(['rm', '--force', '--volumes', name], signal));
}

export async function isContainerRunning(name: string, signal: AbortSignal): Promise<boolean> {
  const running = await dockerLines(['ps', '--filter', `name=^${name}$`, '--format', '{{.ID}}'], signal);
  return running.length > 0;
}
