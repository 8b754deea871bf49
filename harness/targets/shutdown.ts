const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type ShutdownSignal = keyof typeof EXIT_CODES;

/** The reason with which a run is aborted when somebody asked it to end. */
export class ShutdownError extends Error {
  override readonly name = 'ShutdownError';
  /** What a shell expects of a program that ended because of that signal. */
  readonly exitCode: number;

  constructor(signal: ShutdownSignal) {
    super(`interrupted (${signal})`);
    this.exitCode = EXIT_CODES[signal];
  }
}

/**
 * On the first SIGINT, SIGTERM or SIGHUP, aborts the controller with a {@link ShutdownError}, so that the run ends by its own
 * teardown. On the second one, leaves at once: every process of this process's sessions is killed and their folders are
 * removed (by what a session does when its owner exits). Disposal gives the signals back.
 */
export function onShutdown(controller: AbortController): Disposable {
  let asked = false;
  const listeners = (Object.keys(EXIT_CODES) as ShutdownSignal[]).map((signal) => {
    const listener = () => {
      if (asked) process.exit(EXIT_CODES[signal]);
      asked = true;
      controller.abort(new ShutdownError(signal));
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  return {
    [Symbol.dispose]: () => {
      for (const { signal, listener } of listeners) process.removeListener(signal, listener);
    },
  };
}
