import { Worker } from 'node:worker_threads';
import { z } from 'zod';

/** Where what a module prints goes, and when nobody waits for it any more. */
export interface IsolatedIo {
  /** A module may print while it is loaded: standard output belongs to the answer. */
  readonly stderr: { write(chunk: Uint8Array): unknown };
  readonly signal: AbortSignal;
}

/** A module that is only data is loaded at once. One that waits for something may wait for ever. */
const LOAD_BUDGET_MS = 60_000;

/** Loads the module and passes a copy of its default export on. JavaScript, because Node strips no types of a text that it evaluates. */
const LOADER = `
const { parentPort, workerData } = require('node:worker_threads');
const { exit } = process;
process.exit = (code = process.exitCode ?? 0) => {
  parentPort.postMessage({ kind: 'ended', observed: 'it called process.exit(' + code + ')' });
  exit(code);
};
import(workerData).then(
  (module) => {
    if (!('default' in module)) return parentPort.postMessage({ kind: 'no default' });
    try {
      parentPort.postMessage({ kind: 'loaded', value: module.default });
    } catch (error) {
      parentPort.postMessage({ kind: 'no data', message: String(error?.message ?? error) });
    }
  },
  (error) => {
    const { explanation, code } = Object(error);
    const copy = { name: error?.name, message: String(error?.message ?? error), stack: error?.stack, code };
    parentPort.postMessage({ kind: 'thrown', error: copy, explanation: explanation && { ...explanation } });
  },
);
`;

const text = z.string();
const messageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('no default') }),
  z.object({ kind: z.literal('ended'), observed: text }),
  z.object({ kind: z.literal('no data'), message: text }),
  z.object({ kind: z.literal('loaded'), value: z.unknown() }),
  z.object({
    kind: z.literal('thrown'),
    // What is thrown may be anything: an aborted request has a number for its code.
    error: z.object({
      name: text.optional().catch(undefined),
      message: text,
      stack: text.optional().catch(undefined),
      code: text.optional().catch(undefined),
    }),
    explanation: z.object({ thing: text, expected: text, observed: text, nextStep: text }).optional().catch(undefined),
  }),
]);

/** What became of a module. */
export type IsolatedModule = z.output<typeof messageSchema>;

/**
 * Loads a module whose default export is plain data, in a thread of its own: `process.exit()` in it ends that thread, and what it prints
 * goes to standard error. Each call loads the module anew.
 * @throws the reason of the signal when it is aborted.
 */
export async function loadIsolated(href: string, { stderr, signal }: IsolatedIo): Promise<IsolatedModule> {
  signal.throwIfAborted();
  const worker = new Worker(LOADER, { eval: true, workerData: href, stdout: true, stderr: true });
  for (const stream of [worker.stdout, worker.stderr]) stream.on('data', (chunk: Uint8Array) => stderr.write(chunk));
  const budget = AbortSignal.timeout(LOAD_BUDGET_MS);
  const done = new AbortController();
  try {
    return await new Promise<IsolatedModule>((resolve, reject) => {
      const ended = (observed: string) => resolve({ kind: 'ended', observed });
      worker.once('message', (message: unknown) => {
        // Thrown in here it would end the process. A module may post messages of its own.
        const parsed = messageSchema.safeParse(message);
        if (parsed.success) resolve(parsed.data);
        else ended('it posted a message of its own');
      });
      worker.once('error', (error) => ended(`it ended with an error that nobody caught: ${String(error)}`));
      // Nothing is left to be done, and the module is not loaded.
      worker.once('exit', () => ended('it waits for something that never comes'));
      const until = { signal: done.signal };
      budget.addEventListener('abort', () => ended(`it was not loaded after ${LOAD_BUDGET_MS / 1_000} s`), until);
      signal.addEventListener('abort', () => reject(signal.reason), until);
    });
  } finally {
    done.abort();
    await worker.terminate();
  }
}
