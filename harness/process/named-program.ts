import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, extname, isAbsolute, join } from 'node:path';
import { openFile } from '../base/files.ts';
import { ContractMistakeError } from '../model/errors.ts';
import { platformPath } from './platform-folder.ts';

/** Endings of what Node runs for the platform: such a file need not be executable. */
const BY_NODE = ['.mjs', '.js', '.cjs'];
export const isRunByNode = (path: string): boolean => BY_NODE.includes(extname(path));

/**
 * Looks whether a program that a contract names can be run.
 * @param path as the contract has it, from the platform's folder.
 * @param role for messages, e.g. `restore script`.
 * @throws {ContractMistakeError} when there is no such file, it is not executable, or its first line names no interpreter of this
 *   machine (Windows line ends included). The platform may have that interpreter elsewhere, so this proves no breach.
 */
export async function requireExecutable(path: string, role: string): Promise<void> {
  await requireFile(path, role);
  try {
    await access(platformPath(path), constants.X_OK);
  } catch (error) {
    throw wrong(path, role, 'an executable file', 'it is not executable', `chmod +x ${path}`, error);
  }
  const problem = await startProblem(platformPath(path), onThisMachine(), path);
  if (problem === undefined) return;
  throw wrong(path, role, 'a program that can start', `${problem.observed}, so it cannot run`, problem.nextStep);
}

/** The tools of a drill are no interpreters of scripts, so the `PATH` of this process and the system's folders are the whole search path. */
const onThisMachine = () => ({
  onMachine: (path: string) => path,
  searchPath: [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_PATH],
});
const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * For `check` of a procedure: a program that a contract names is there, and this process may execute it. Node runs .mjs, .js and .cjs,
 * which need only be there. @param role what it is, for the message, e.g. `restore script`.
 * @throws {ContractMistakeError} when it is not there.
 */
export async function requireProgram(path: string, role: string): Promise<void> {
  await (isRunByNode(path) ? requireFile(path, role) : requireExecutable(path, role));
}

async function requireFile(path: string, role: string): Promise<void> {
  const nextStep = `Correct the path in the contract; it is read from the platform's folder, ${platformPath('.')}.`;
  let isFile: boolean;
  try {
    isFile = (await stat(platformPath(path))).isFile();
  } catch (error) {
    throw wrong(path, role, 'a file', 'there is none at that path', nextStep, error);
  }
  if (!isFile) throw wrong(path, role, 'a file', 'it is a folder', nextStep);
}

function wrong(path: string, role: string, expected: string, observed: string, nextStep: string, cause?: unknown) {
  return new ContractMistakeError({ thing: `${role} ${path}`, expected, observed, nextStep }, { cause });
}

/** Where a program will be started: what it finds at a path, which may be elsewhere on this machine. */
export interface StartingPlace {
  /** The path on this machine of what the program finds at `path`. */
  readonly onMachine: (path: string) => string;
  readonly searchPath: readonly string[];
}

/** Why a program cannot start, and what to do about it. */
interface StartProblem {
  readonly observed: string;
  /** True when a program is missing: the file itself, or the interpreter that it names. */
  readonly missing: boolean;
  readonly nextStep: string;
}

const FIRST_BYTES = 512;

/**
 * Why the file at `path` (absolute, as the program would find it) cannot be started; undefined when it can. The kernel says
 * `ENOENT` of a script whose interpreter is missing, which sends its reader to look for the script.
 * @param written the path as the author of the contract wrote it, for the advice.
 */
export async function startProblem(
  path: string,
  place: StartingPlace,
  written: string,
): Promise<StartProblem | undefined> {
  const file = place.onMachine(path);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined)
    return { observed: 'there is none', missing: true, nextStep: 'Correct the path in the contract.' };
  if (!found.isFile())
    return { observed: 'it is not a file', missing: false, nextStep: 'Correct the path in the contract.' };
  if ((found.mode & 0o111) === 0)
    return { observed: 'it is not executable', missing: false, nextStep: `Run: chmod +x ${written}` };
  const line = await firstLineOf(file);
  return line === undefined ? undefined : await interpreterProblem(line, place, written);
}

async function interpreterProblem(
  line: string,
  place: StartingPlace,
  written: string,
): Promise<StartProblem | undefined> {
  const ends = line.endsWith('\r') ? ' (it ends in a carriage return: Windows line ends)' : '';
  const missing = ends === '';
  const unixEnds = { missing, nextStep: `Save it with Unix line ends: sed -i 's/\\r$//' ${written}` };
  const [interpreter = '', ...words] = line
    .slice(2)
    .trimStart()
    .split(/[ \t]+/);
  const named = JSON.stringify(interpreter).slice(1, -1);
  if (!(await isProgram(place.onMachine(interpreter)))) {
    const observed = `its first line names ${named}, which is not there${ends}`;
    return {
      observed,
      ...(ends === '' ? { missing, nextStep: 'Install that interpreter, or name another one.' } : unixEnds),
    };
  }
  if (!/\/env$/.test(interpreter))
    return ends === '' ? undefined : { observed: `its first line is broken${ends}`, ...unixEnds };
  const program = words.find((word) => !word.startsWith('-') && !word.includes('='));
  if (program === undefined || (await findOnPath(program, place)) !== undefined) return undefined;
  const observed = `its first line asks for ${JSON.stringify(program).slice(1, -1)}, which is not on PATH${ends}`;
  return { observed, ...(ends === '' ? { missing, nextStep: `Install ${program}.` } : unixEnds) };
}

/** The absolute path of a program, as the other program would find it. */
export async function findOnPath(name: string, { onMachine, searchPath }: StartingPlace): Promise<string | undefined> {
  for (const folder of searchPath) {
    if (!isAbsolute(folder)) continue;
    if (await isProgram(onMachine(join(folder, name)))) return join(folder, name);
  }
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && (found.mode & 0o111) !== 0;
}

/** The line with the interpreter, `#!` and all; undefined for a file that has none. */
async function firstLineOf(path: string): Promise<string | undefined> {
  await using file = await openFile(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  const text = (await file.read(FIRST_BYTES, 0)).toString('utf8');
  return text.startsWith('#!') ? text.split('\n', 1)[0] : undefined;
}
