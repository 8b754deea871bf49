import { join, relative } from 'node:path';
import type { Clock } from '../../clock/clock.ts';
import type { ToolName } from '../../model/target.ts';
import { type StartingProcess, startProcess } from '../../process/supervised.ts';
import type { Session } from '../session.ts';

/** Context in which every part of the local target starts. */
export interface LocalContext {
  readonly session: Session;
  readonly clock: Clock;
  tool(name: ToolName): string;
}

export interface LocalProgram {
  /** Unique in the session, e.g. `nats-shared`. */
  readonly name: string;
  /** A tool of the toolchain, or the path of another program. */
  readonly tool: ToolName | { readonly path: string };
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * True for a program that, with its children, puts unix sockets into TMPDIR. A socket's path has 107 bytes at most (unix(7)), and a
   * scratch folder's path may be longer: TMPDIR is then relative to the program's current folder.
   */
  readonly putsSockets?: true;
  readonly ending: 'graceful' | 'immediate';
}

/** With less free memory than this, Go keeps its own pace of collection. */
const PLENTY_BYTES = 8 * 1024 ** 3;

/**
 * Variables for a server in Go that lives for a drill. By default, Go collects garbage when its heap has doubled. With these it collects at
 * five times the live heap, and earlier once it holds 1 GiB (https://go.dev/doc/gc-guide): a warm run took 113 CPU seconds instead of 125.
 * Not for nats-server: with them a consumer of a restored cluster did not come back within 60 s in 2 of 2 runs of its tests beside others,
 * and in 0 of 4 runs without them. The cause is not known.
 */
export const collectionOfGo = (freeBytes = process.availableMemory()): Record<string, string> =>
  freeBytes < PLENTY_BYTES ? {} : { GOGC: '400', GOMEMLIMIT: '1GiB' };

/** Starts a program whose home, temporary files and log all lie in the session's folder, so that no files remain elsewhere. */
export async function startProgram(
  program: LocalProgram,
  { session, clock, tool }: LocalContext,
): Promise<StartingProcess> {
  const home = session.folder('home', program.name);
  const temporary = session.folder('t');
  return await startProcess(
    {
      name: program.name,
      file: typeof program.tool === 'string' ? tool(program.tool) : program.tool.path,
      args: program.args,
      env: {
        HOME: home,
        TMPDIR: program.putsSockets === true ? relative(home, temporary) : temporary,
        ...program.env,
        ...session.environment,
      },
      cwd: home,
      logPath: join(session.folder('logs'), `${program.name}.log`),
      ending: program.ending,
      register: (identity) => session.register(program.name, identity),
    },
    clock,
  );
}
