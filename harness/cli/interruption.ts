import type { Clock } from '../clock/clock.ts';

/** Abort reason when a signal of the operating system ends a run. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor(signalName: string) {
    super(`interrupted by ${signalName}`);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One Ctrl-C arrives up to three times: from the terminal, from npm (which forwards it) and from the shim. */
const ECHO_MS = 1_000;

/** Turns every outside end of a process into one abort signal, so that every teardown still runs. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
  /** Ends the run for a reason from inside, e.g. an uncaught error. */
  abort(reason: unknown): void;
}

/**
 * Listens for signals. The first one aborts, and its echoes change nothing. A later signal calls `leaveAtOnce`; the exit handlers of the
 * process and the next start then collect what is left.
 */
export function listenForInterruption(clock: Clock, leaveAtOnce: () => void): Interruption {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const onSignal = (name: string) => {
    if (firstMs !== undefined && clock.monotonicMs() - firstMs > ECHO_MS) leaveAtOnce();
    firstMs ??= clock.monotonicMs();
    controller.abort(new InterruptedError(name));
  };
  const handlers = SIGNALS.map((name) => [name, () => onSignal(name)] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  // The shim that started this process is gone, even if it was killed with -9: nobody waits for this run any more.
  const onDisconnect = () => controller.abort(new InterruptedError('the end of the process that started it'));
  process.on('disconnect', onDisconnect);
  process.channel?.unref();
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => {
      for (const [name, handler] of handlers) process.removeListener(name, handler);
      process.removeListener('disconnect', onDisconnect);
    },
  };
}
