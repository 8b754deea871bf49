import type { Clock } from '../clock/clock.ts';
import type { Secrets } from '../model/secrets.ts';
import type { Environment } from '../reporting/terminal.ts';

/** Surroundings of every command. */
export interface CommandIo {
  readonly cwd: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: Environment;
  /** Configuration file from the command line. */
  readonly config?: string | undefined;
  /** Every secret value that the command has seen; printed errors are stripped of them. */
  readonly secrets?: Secrets;
  /** The command line as typed, for the record. */
  readonly commandLine: string;
}
