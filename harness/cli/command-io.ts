import type { Clock } from '../clock/clock.ts';
import type { Secrets } from '../model/secrets.ts';
import type { Environment } from '../reporting/terminal.ts';

/** What every command is given of the world around it. */
export interface CommandIo {
  readonly cwd: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: Environment;
  /** The configuration file that the command line names. */
  readonly config?: string | undefined;
  /** Every secret value that the command has met: what it prints of an error passes these. */
  readonly secrets?: Secrets;
  /** The command line as it was given, for the record. */
  readonly commandLine: string;
}
