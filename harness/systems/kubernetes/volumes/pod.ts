import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { linesOf } from '../../../asset-kit/record-file.ts';
import { ExplainedError, summaryOf } from '../../../model/errors.ts';
import { privateHome } from '../../../process/private-home.ts';
import { isNoSuchProcess } from '../../../process/run.ts';

const KEPT_STDERR_CHARACTERS = 4_000;

/** A container of a pod for running commands through the API server, like an operator's `kubectl exec`. */
export interface PodAccess {
  readonly kubectl: string;
  readonly kubeconfigPath: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** A command in a pod. Ending it ends `kubectl`, and so the connection to which the command writes. */
export interface PodCommand {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves when it has exited with 0. @throws {ExplainedError} for any other end, with its last output on stderr. */
  readonly ended: Promise<void>;
  end(): void;
}

/**
 * Sets a fixed locale: the order of `sort`, on which the comparison relies, and the text of error messages depend on the image's
 * locale.
 */
const PLAIN_LOCALE = 'export LC_ALL=C';

/** Starts `sh -c script` in the pod. The child's stdin is connected to the script's. */
export function startInPod(access: PodAccess, script: string): PodCommand {
  const { kubectl, kubeconfigPath, namespace, pod, container } = access;
  const home = privateHome();
  const child = spawn(
    kubectl,
    [
      '--kubeconfig',
      kubeconfigPath,
      '--namespace',
      namespace,
      'exec',
      '-i',
      pod,
      '-c',
      container,
      '--',
      'sh',
      '-c',
      `${PLAIN_LOCALE}\n${script}`,
    ],
    // Requests to a kubeconfig's local address must not go through a proxy.
    { env: { PATH: process.env['PATH'] ?? '', HOME: home.path }, detached: true, stdio: 'pipe' },
  );
  for (const ending of ['error', 'close']) child.once(ending, () => home[Symbol.dispose]());
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-KEPT_STDERR_CHARACTERS);
  });
  // The end of the process reports a broken pipe; without a listener it would be an uncaught exception.
  child.stdin.on('error', () => undefined);
  const ended = endOf(child, `kubectl exec in pod ${namespace}/${pod}`, () => complaint.trim());
  ended.catch(() => undefined);
  return { child, ended, end: () => endGroup(child) };
}

/** Runs the script in the pod to its end, and feeds it the pieces as fast as it reads them. */
export async function feedPod(
  access: PodAccess,
  script: string,
  pieces: Iterable<Buffer>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const command = startInPod(access, script);
  const release = endOnAbort(command, signal);
  try {
    command.child.stdout.resume();
    // A script that exits early reports the reason itself; the broken pipe is only the consequence.
    const fed = pipeline(Readable.from(pieces, { objectMode: false, highWaterMark: 1 << 18 }), command.child.stdin);
    const [feeding, ending] = await Promise.allSettled([fed, command.ended]);
    signal.throwIfAborted();
    if (ending.status === 'rejected') throw ending.reason;
    if (feeding.status === 'rejected') throw feeding.reason;
  } finally {
    release();
    command.end();
  }
}

/** Yields the lines of the script's output as they arrive; slow reading slows the script. */
export async function* linesFromPod(
  access: PodAccess,
  script: string,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  signal.throwIfAborted();
  const command = startInPod(access, script);
  const release = endOnAbort(command, signal);
  try {
    command.child.stdin.end();
    yield* linesOf(command.child.stdout);
    signal.throwIfAborted();
    await command.ended;
  } finally {
    release();
    command.end();
  }
}

function endOnAbort(command: PodCommand, signal: AbortSignal): () => void {
  const end = () => command.end();
  signal.addEventListener('abort', end, { once: true });
  return () => signal.removeEventListener('abort', end);
}

async function endOf(child: ChildProcessWithoutNullStreams, name: string, complaint: () => string): Promise<void> {
  const failed = (observed: string, cause?: unknown) =>
    new ExplainedError(
      {
        thing: name,
        expected: 'exit 0',
        observed,
        nextStep: 'Look at the pod with `kubectl describe pod` and `kubectl logs`; its image needs sh.',
      },
      { cause },
    );
  try {
    const [code, endSignal]: unknown[] = await once(child, 'close');
    if (code === 0) return;
    const ending = typeof code === 'number' ? `it exited ${code}` : `it was ended by ${String(endSignal)}`;
    throw failed(complaint() === '' ? ending : `${ending}: ${complaint()}`);
  } catch (error) {
    if (error instanceof ExplainedError) throw error;
    throw failed(`it could not be run (${summaryOf(error)})`, error);
  }
}

function endGroup(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (!isNoSuchProcess(error)) throw error;
  }
}
