import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openFile } from '../../base/open-file.ts';
import type { Command, CommandResult } from '../../process/run.ts';
import { startForTheFirstTime, venvEnvironment } from '../python-build.ts';
import type { PackedFile } from './manifest.ts';

export interface RemadeEnvironment {
  /** A Python of the version that the packages are for. */
  readonly pythonPath: string;
  /** Where the files were unpacked. They are moved away from there. */
  readonly unpackedAt: string;
  readonly files: readonly PackedFile[];
  /** The empty folder that becomes the virtual environment. */
  readonly dir: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly run: (command: Command) => Promise<CommandResult>;
}

/**
 * Makes a virtual environment of this machine's Python and moves the packages of another one into it. Its launchers name its folder, so
 * they are rewritten. LocalStack is started once, which also builds what depends on the folder.
 * @throws {ExplainedError} when Python makes no environment, or LocalStack does not serve.
 */
export async function remakeEnvironment(remade: RemadeEnvironment): Promise<void> {
  const { pythonPath, unpackedAt, files, dir, environment, run } = remade;
  const env = venvEnvironment(environment);
  await run({ name: 'python -m venv', file: pythonPath, args: ['-m', 'venv', '--without-pip', dir], env });
  for (const { path } of files) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await rename(join(unpackedAt, path), join(dir, path));
    if (path.startsWith('bin/')) await nameThisPython(join(dir, path), join(dir, 'bin', 'python'));
  }
  await startForTheFirstTime(dir, env, run);
}

/**
 * How pip and uv begin a launcher: with the path of Python, or, where that is long or has spaces, with a shell that is told it.
 * https://github.com/pypa/distlib/blob/0.3.9/distlib/scripts.py (`_build_shebang`)
 */
const LAUNCHER = /^(?:#!\/[^\n]*\/bin\/python[\d.]*[ \t]*\n|#!\/bin\/sh\n'''exec' [^\n]*\n' '''\n)/;
/** The longest that every system takes. */
const MOST_SHEBANG_CHARACTERS = 127;

async function nameThisPython(path: string, python: string): Promise<void> {
  if (!(await isScript(path))) return;
  // Bytes, since a script need not be text in any known encoding.
  const text = await readFile(path, 'latin1');
  const [launcher] = LAUNCHER.exec(text) ?? [];
  if (launcher === undefined) return;
  const head = Buffer.from(shebang(python), 'utf8').toString('latin1');
  await writeFile(path, `${head}${text.slice(launcher.length)}`, 'latin1');
}

async function isScript(path: string): Promise<boolean> {
  await using file = await openFile(path, 'r');
  return (await file.read(2, 0)).toString('latin1') === '#!';
}

function shebang(python: string): string {
  const line = `#!${python}\n`;
  if (!/\s/.test(python) && Buffer.byteLength(line) <= MOST_SHEBANG_CHARACTERS) return line;
  const quoted = python.replaceAll(/[\\"$`]/g, (character) => `\\${character}`);
  return `#!/bin/sh\n'''exec' "${quoted}" "$0" "$@"\n' '''\n`;
}
