import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { openFile } from '../base/open-file.ts';

/** Where a program will be started: what it finds at a path, which may be elsewhere on this machine. */
export interface StartingPlace {
  /** The path on this machine of what the program finds at `path`. */
  readonly onMachine: (path: string) => string;
  readonly searchPath: readonly string[];
}

/** Why a program cannot start, and what to do about it. */
export interface StartProblem {
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
