import type { ProcedureContext } from '../../model/procedure.ts';
import { performing } from '../../model/step.ts';
import { executableOf, runProcess } from '../../procedure-kit/as-process.ts';
import { lastLine } from '../../procedure-kit/observe.ts';
import { variablesOfScript } from '../../procedure-kit/script-variables.ts';
import { requireProgram } from '../../process/named-program.ts';
import { platformPath } from '../../process/platform-folder.ts';
import { s3Backups } from './backup-store.ts';

/** One way between two buckets. */
export interface Transfer {
  readonly operation: 'copy' | 'restore';
  readonly source: readonly [bucket: string, region: string];
  readonly destination: readonly [bucket: string, region: string];
}

/** How the executable reaches S3. */
export interface TransferAccess {
  readonly AWS_ENDPOINT_URL: string;
  readonly AWS_REGION: string;
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
}

const MEANINGS = {
  OPERATION: '`restore`',
  SOURCE_BUCKET: 'the bucket that holds the copy',
  SOURCE_REGION: 'the region of the copy',
  DESTINATION_BUCKET: 'the new, empty bucket that users will be led to',
  DESTINATION_REGION: 'the region of the new bucket',
  AWS_ACCESS_KEY_ID: 'credentials that may read the copy and write the new bucket (or set `AWS_PROFILE` instead)',
};

/**
 * Runs an executable of the platform that brings one bucket's objects into another; returns its last line. Node runs .mjs and .js.
 * @throws {ContractMistakeError} when there is no such file; what the command throws when it fails.
 */
export async function transfer(
  path: string,
  way: Transfer,
  access: TransferAccess,
  context: ProcedureContext,
): Promise<string> {
  const { step } = context;
  const file = platformPath(path);
  await requireProgram(path, `${way.operation} script`);
  step.progress(`${way.operation}: ${way.source.join(' in ')} to ${way.destination.join(' in ')}`);
  const { AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = access;
  const credentials = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
  const places = { AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION: AWS_REGION };
  const env = { ...places, ...credentials, ...variablesOf(way) };
  const { command, ...executable } = executableOf(file, path);
  const run = () =>
    runProcess(
      {
        name: `${way.operation} ${path}`,
        ...executable,
        variables: new Map(Object.entries(env)),
        machine: { name: way.operation === 'copy' ? 'backup' : 'restore' },
      },
      context,
    );
  const described = {
    what: 'Bring every object back from the copy in the other region',
    command,
    variables: await variablesOfScript(file, env, s3Backups, MEANINGS),
    ifItFails: 'It names every key that it could not bring. What is there already is left alone, so run it again.',
  };
  const { output } = way.operation === 'restore' ? await performing(step, described, run) : await run();
  return lastLine(output);
}

/** What the executable is told of its way. */
export function variablesOf({ operation, source, destination }: Transfer): Record<string, string> {
  return {
    OPERATION: operation,
    SOURCE_BUCKET: source[0],
    SOURCE_REGION: source[1],
    DESTINATION_BUCKET: destination[0],
    DESTINATION_REGION: destination[1],
  };
}
