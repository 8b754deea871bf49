import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
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

const ENDINGS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];
/** How projects write aliases. No package of npm has such a name: a scope has a name between @ and the slash. */
const ALIAS = /Cannot find package '(?:@|~|#|src)(?:\/|')/;

/** The file beside the importing one that an import without its ending, of its folder or of its compiled name means. */
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
    if (meant !== undefined) return `Write '${meant}' in the import: Node wants the whole name of the file.`;
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
    return `Rename the file so that it ends in .mts: in a package without "type": "module", Node takes any other for CommonJS.`;
  }
  if (code === 'ERR_REQUIRE_ASYNC_MODULE' || /^require is not defined/.test(thrown.message)) {
    return "Write `import … from 'dr-contracts'` instead of require(), in a file that ends in .mts: the package is an ES module.";
  }
  if (/does not provide an export named/.test(thrown.message)) return 'Correct the name in the import.';
  return thrown.name === 'SyntaxError' ? 'Correct the syntax there.' : 'Correct the file.';
}
