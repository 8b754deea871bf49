import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { summaryOf } from '../model/errors.ts';

/** Why a module of the project does not load: where in which file, and what its author can do. */
export interface ModuleFailure {
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
 * Describes what an import of a module of the project threw.
 * @param folder the project's folder: files are named from there.
 */
export function moduleFailure(thrown: unknown, folder: string): ModuleFailure {
  if (!(thrown instanceof Error)) {
    return { observed: `it throws ${inspect(thrown)}, which is no Error`, nextStep: 'Correct the file.' };
  }
  const fromProject = (text: string) => text.replaceAll(`file://${folder}/`, '').replaceAll(`${folder}/`, '');
  const place = syntaxPlace(thrown) ?? framePlace(thrown, folder);
  const at =
    place === undefined
      ? ''
      : `${fromProject(place.file)}, line ${place.line}${place.column === undefined ? '' : `, column ${place.column}`}: `;
  return { observed: `${at}${fromProject(summaryOf(thrown))}`, nextStep: nextStepFor(thrown) };
}

/** Node puts `file:///…:<line>` and the source line, with carets below what is wrong, before the stack of an error of syntax. */
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

/** The innermost frame of the stack in a file of the project. */
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

/** A frame may carry a query, as a module has that was loaded twice. */
const pathOf = (written: string): string =>
  written.startsWith('file://') ? fileURLToPath(written.replace(/[?#].*$/, '')) : written;

function nextStepFor(thrown: Error): string {
  const code = 'code' in thrown ? thrown.code : undefined;
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return 'Correct the path of the import (with its ending, such as ./streams.ts), or install the package that it names.';
  }
  // https://nodejs.org/api/typescript.html#typescript-features
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'Write it without syntax that needs a build step (enum, namespace, parameter properties): Node only removes the types.';
  }
  if (/does not provide an export named/.test(thrown.message)) return 'Correct the name in the import.';
  return thrown.name === 'SyntaxError' ? 'Correct the syntax there.' : 'Correct the file.';
}
