import { contractFilesOf } from '../contract/contract-files.ts';
import { openProject } from './project.ts';

/**
 * The contract files of the project in a folder, or of the given configuration, in the order of their names.
 * @throws {ExplainedError} when there are none, or the configuration is wrong.
 */
export async function findContractFiles(cwd: string, config?: string): Promise<readonly string[]> {
  return await contractFilesOf(await openProject(cwd, config));
}
