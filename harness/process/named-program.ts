import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, extname } from 'node:path';
import { ContractMistakeError } from '../model/errors.ts';
import { platformPath } from './platform-folder.ts';
import { startProblem } from './startable.ts';

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
  const problem = await startProblem(platformPath(path), thisMachine(), path);
  if (problem === undefined) return;
  throw wrong(path, role, 'a program that can start', `${problem.observed}, so it cannot run`, problem.nextStep);
}

/** The tools of a drill are no interpreters of scripts, so the `PATH` of this process and the system's folders are the whole search path. */
const thisMachine = () => ({
  onMachine: (path: string) => path,
  searchPath: [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_PATH],
});
const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** As {@link requireExecutable}, but Node runs .mjs, .js and .cjs, which need only be there. */
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
