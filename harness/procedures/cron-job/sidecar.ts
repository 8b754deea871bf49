import { connect } from 'node:net';
import { httpRequest } from '../../clients/http.ts';
import { ExplainedError, NotProvableHereError, summaryOf } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import type { Container, Probe } from './spec.ts';

/** The kubelet waits this long before it starts a container again that has ended, and twice as long each time after that. */
const FIRST_BACK_OFF_MS = 10_000;
const LONGEST_BACK_OFF_MS = 300_000;

/** Runs a container's command line in place of its own. */
export interface ContainerRun {
  readonly command?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onStarted?: () => void;
}

/** An init container that runs beside the others (https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/). */
export const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always';

/** Disposal ends it, as the kubelet does once the pod's own containers have ended. */
export interface Sidecar extends AsyncDisposable {
  /**
   * Settles when the next container may start: once the program runs, or its startup probe has succeeded.
   * @throws {ExplainedError} when the probe fails for as long as it allows itself.
   */
  readonly started: Promise<void>;
}

/** Starts a sidecar, and starts it again whenever it ends. */
export function startSidecar(
  container: Container,
  thing: string,
  run: (how: ContainerRun) => Promise<unknown>,
  step: Step,
): Sidecar {
  const ending = new AbortController();
  const signal = AbortSignal.any([step.signal, ending.signal]);
  const { promise: running, resolve: onStarted, reject: onImpossible } = Promise.withResolvers<void>();
  let lastEnd = 'it has not ended';
  const keepRunning = async (): Promise<void> => {
    for (let backOffMs = FIRST_BACK_OFF_MS; ; backOffMs = Math.min(2 * backOffMs, LONGEST_BACK_OFF_MS)) {
      try {
        await run({ signal, onStarted });
        lastEnd = 'it ended by itself';
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof NotProvableHereError) throw error;
        lastEnd = summaryOf(error);
        // What never starts says so at once; what has started and failed is started again.
        if (error instanceof ExplainedError && error.explanation.expected !== 'exit 0') throw error;
      }
      step.progress(`sidecar ${container.name}: ${lastEnd}; started again in ${backOffMs / 1_000} s`);
      await step.clock.pause(backOffMs, signal).catch(() => undefined);
      if (signal.aborted) return;
    }
  };
  const life = keepRunning().catch(onImpossible);
  // A probe that was given up runs on until its process has ended: its folder must not be removed under it.
  const probes = new Set<Promise<unknown>>();
  const probe = (how: ContainerRun): Promise<unknown> => {
    const running = run(how);
    const settled: Promise<unknown> = running.then(
      () => void probes.delete(settled),
      () => void probes.delete(settled),
    );
    probes.add(settled);
    return running;
  };
  const { startupProbe } = container;
  const started = running.then(async () => {
    if (startupProbe === undefined) return;
    await untilProbed(startupProbe, container, { thing, run: probe, step, signal, lastEnd: () => lastEnd });
  });
  // Whoever waits for it hears of it; nobody else has to.
  started.catch(() => undefined);
  return {
    started,
    [Symbol.asyncDispose]: async () => {
      ending.abort(new Error('the main container has ended'));
      await life;
      await Promise.all(probes);
    },
  };
}

interface Probing {
  readonly thing: string;
  readonly run: (how: ContainerRun) => Promise<unknown>;
  readonly step: Step;
  readonly signal: AbortSignal;
  readonly lastEnd: () => string;
}

/** As often and as long as the probe says: `failureThreshold` times, `periodSeconds` apart. */
async function untilProbed(probe: Probe, container: Container, probing: Probing): Promise<void> {
  const { thing, step, signal } = probing;
  const { initialDelaySeconds, periodSeconds, timeoutSeconds, failureThreshold } = probe;
  if (initialDelaySeconds > 0) await step.clock.pause(initialDelaySeconds * 1_000, signal);
  const budgetMs = (failureThreshold * periodSeconds + timeoutSeconds) * 1_000;
  await waitFor<void>(
    {
      for: `the startup probe of ${thing} to succeed`,
      budgetMs,
      intervalMs: periodSeconds * 1_000,
      look: async (within) => {
        const attempt = AbortSignal.any([within, AbortSignal.timeout(timeoutSeconds * 1_000)]);
        const problem = await problemOf(probe, container, probing, attempt);
        return problem === undefined ? arrived(undefined) : notYet(`${problem}; the sidecar: ${probing.lastEnd()}`);
      },
    },
    step.clock,
    signal,
  );
}

async function problemOf(
  { exec, httpGet, tcpSocket }: Probe,
  container: Container,
  { run }: Probing,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    if (exec !== undefined) await run({ command: exec.command, signal });
    else if (httpGet !== undefined) await get(httpGet, container, signal);
    else if (tcpSocket !== undefined) await reach(portOf(tcpSocket.port, container), signal);
    else throw notProbed(container);
    return undefined;
  } catch (error) {
    if (error instanceof NotProvableHereError) throw error;
    return summaryOf(error);
  }
}

async function get(
  { port, path, scheme }: NonNullable<Probe['httpGet']>,
  container: Container,
  signal: AbortSignal,
): Promise<void> {
  const url = new URL(path, `${scheme.toLowerCase()}://127.0.0.1:${portOf(port, container)}`);
  const { status } = await httpRequest('GET', url.href, signal);
  if (status < 200 || status >= 400) throw new Error(`it answers ${status}`);
}

async function reach(port: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', signal }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}

function portOf(port: number | string, { name, ports }: Container): number {
  const found = typeof port === 'number' ? port : ports.find((one) => one.name === port)?.containerPort;
  if (found !== undefined) return found;
  throw new Error(`container ${name} has no port ${port}`);
}

function notProbed({ name }: Container): NotProvableHereError {
  return new NotProvableHereError({
    thing: `startup probe of container ${name}`,
    expected: 'exec, httpGet or tcpSocket',
    observed: 'it is of another kind',
    nextStep: 'Drill it where pods run (--target docker).',
  });
}
