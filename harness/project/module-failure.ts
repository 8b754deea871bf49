import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { summaryOf } from '../model/errors.ts';

/** Reason why a module of the project does not load: the place in a file, and the fix for its author. */
interface ModuleFailure {
  readonly observed: string;
  readonly nextStep: string;
}

interface Place {
  readonly file: string;
  readonly line: number;
  /** Counted from 1; undefined where Node does not say. */
  readonly column: number | undefined;
}

/**
 * Describes the error of an import of a project module.
 * @param folder the project's folder: files are named relative to it.
 */
export function moduleFailure(thrown: unknown, folder: string): ModuleFailure {
  if (!(thrown instanceof Error)) {
    return { observed: `it throws ${inspect(thrown)}, which is not an Error`, nextStep: 'Correct the file.' };
  }
  const fromProject = (text: string) => text.replaceAll(`file://${folder}/`, '').replaceAll(`${folder}/`, '');
  const place = syntaxPlace(thrown) ?? framePlace(thrown, folder);
  const at =
    place === undefined
      ? ''
      : `${fromProject(place.file)}, line ${place.line}${place.column === undefined ? '' : `, column ${place.column}`}: `;
  return { observed: `${at}${fromProject(summaryOf(thrown))}`, nextStep: nextStepFor(thrown) };
}

/** Reads the place of a syntax error: Node puts `file:///…:<line>` and the source line, with carets below the mistake, before the stack. */
function syntaxPlace({ stack = '', name, message }: Error): Place | undefined {
  const [head = ''] = stack.split(`\n${name}`, 1);
  const [first = '', ...lines] = head.split('\n');
  const found = /^((?:file:\/\/)?\/.*):(\d+)$/.exec(first);
  if (found === null || first.includes(message)) return undefined;
  const [, written = '', line] = found;
  const caret = lines.find((each) => /^\s*\^+\s*$/.test(each));
  return {
    file: pathOf(written),
    line: Number(line),
    column: caret === undefined ? undefined : caret.indexOf('^') + 1,
  };
}

/** Returns the innermost frame of the stack in a file of the project. */
function framePlace({ stack = '' }: Error, folder: string): Place | undefined {
  for (const line of stack.split('\n')) {
    const found = /^\s+at .*?((?:file:\/\/)?\/[^()]*):(\d+):(\d+)\)?$/.exec(line);
    if (found === null) continue;
    const [, written = '', at, column] = found;
    const file = pathOf(written);
    if (file.startsWith(`${folder}/`) && !file.includes('/node_modules/')) {
      return { file, line: Number(at), column: Number(column) };
    }
  }
  return undefined;
}

/** Returns the path of a URL. A frame's URL may contain a query, as that of a module that was loaded twice. */
const pathOf = (written: string): string =>
  written.startsWith('file://') ? fileURLToPath(written.replace(/[?#].*$/, '')) : written;

const ENDINGS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];
/** Usual forms of aliases. No package of npm has such a name: a scope has a name between @ and the slash. */
const ALIAS = /Cannot find package '(?:@|~|#|src)(?:\/|')/;

/** Returns the file that an import probably means, and names without extension, by its folder or by its compiled name. */
function meantImport(thrown: Error): string | undefined {
  const importer = /imported from (.+)$/.exec(thrown.message)?.[1];
  if (importer === undefined || !('url' in thrown) || typeof thrown.url !== 'string') return undefined;
  const missing = pathOf(thrown.url);
  const stems = [missing, missing.replace(/\.[cm]?js$/, ''), join(missing, 'index')];
  const meant = stems.flatMap((stem) => ENDINGS.map((ending) => `${stem}${ending}`)).find((file) => existsSync(file));
  if (meant === undefined) return undefined;
  const path = relative(dirname(pathOf(importer)), meant);
  return path.startsWith('.') ? path : `./${path}`;
}

function nextStepFor(thrown: Error): string {
  const code = 'code' in thrown ? thrown.code : undefined;
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_UNSUPPORTED_DIR_IMPORT') {
    const meant = meantImport(thrown);
    if (meant !== undefined) return `Write '${meant}' in the import: Node needs the whole name of the file.`;
    if (ALIAS.test(thrown.message)) {
      return 'Write the path of the file from the importing file, such as ../lib/streams.ts: Node does not read the `paths` of tsconfig.json.';
    }
    return 'Correct the path of the import (with its ending, such as ./streams.ts), or install the package that it names.';
  }
  // https://nodejs.org/api/typescript.html#typescript-features
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'Write it without syntax that needs a build step (enum, namespace, parameter properties): Node only removes the types.';
  }
  // A file of CommonJS: https://nodejs.org/api/packages.html#determining-module-system
  if (/^Cannot use import statement outside a module|^Unexpected token 'export'/.test(thrown.message)) {
    return `Rename the file so that it ends in .mts: in a package without "type": "module", Node loads a file with any other ending as CommonJS.`;
  }
  if (code === 'ERR_REQUIRE_ASYNC_MODULE' || /^require is not defined/.test(thrown.message)) {
    return "Write `import … from 'dr-contracts'` instead of require(), in a file that ends in .mts: the package is an ES module.";
  }
  if (/does not provide an export named/.test(thrown.message)) return 'Correct the name in the import.';
  return thrown.name === 'SyntaxError' ? 'Correct the syntax there.' : 'Correct the file.';
}

/** Output stream of a module, and the signal that its result is no longer needed. */
export interface IsolatedIo {
  /** A module may print while it is loaded, but standard output belongs to the answer. */
  readonly stderr: { write(chunk: Uint8Array): unknown };
  readonly signal: AbortSignal;
}

/** A module of plain data loads at once. One that waits for something may wait for ever. */
const LOAD_BUDGET_MS = 60_000;

/** Loads the module and posts a copy of its default export. JavaScript, because Node strips no types from evaluated text. */
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
    // A thrown value may be anything: an aborted request has a number for its code.
    error: z.object({
      name: text.optional().catch(undefined),
      message: text,
      stack: text.optional().catch(undefined),
      code: text.optional().catch(undefined),
    }),
    explanation: z.object({ thing: text, expected: text, observed: text, nextStep: text }).optional().catch(undefined),
  }),
]);

/** Result of loading a module. */
type IsolatedModule = z.output<typeof messageSchema>;

/**
 * Loads a module whose default export is plain data, in a separate thread: `process.exit()` in it ends that thread, and its output goes to
 * standard error. Each call loads the module anew.
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
        // An error thrown here would end the process. A module may post messages of its own.
        const parsed = messageSchema.safeParse(message);
        if (parsed.success) resolve(parsed.data);
        else ended('it posted a message of its own');
      });
      worker.once('error', (error) => ended(`it ended with an uncaught error: ${String(error)}`));
      // Nothing is left to run, and the module is not loaded.
      worker.once('exit', () => ended('it waits for something that never happens'));
      const until = { signal: done.signal };
      budget.addEventListener('abort', () => ended(`it was not loaded after ${LOAD_BUDGET_MS / 1_000} s`), until);
      signal.addEventListener('abort', () => reject(signal.reason), until);
    });
  } finally {
    done.abort();
    await worker.terminate();
  }
}
