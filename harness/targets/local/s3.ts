import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StartedProcess } from '../../process/supervised.ts';
import type { S3Place } from '../../systems/s3/service.ts';
import { backupBucketThere, newS3Place } from '../backup-bucket.ts';
import { onFreePorts, requireFree } from '../ports.ts';
import { type LocalContext, startProgram } from './program.ts';

export interface StartedS3 extends AsyncDisposable {
  readonly place: S3Place;
  readonly process: StartedProcess;
}

/** Starts LocalStack with S3, STS and Route 53, and makes the versioned bucket for off-site backups. */
export async function startS3(context: LocalContext, signal: AbortSignal, port?: number): Promise<StartedS3> {
  if (port !== undefined) return await startOn(await requireFree(port, 'S3 (LocalStack)'), context, signal);
  return await onFreePorts(1, ([free = 0]) => startOn(free, context, signal));
}

/**
 * `python -m localstack.runtime.main` with one constant changed: LocalStack 4.13 keeps the folders of its buckets in
 * /tmp/localstack-s3-storage, for all sessions together, and no setting moves them.
 */
const LAUNCHER = [
  'import os, runpy',
  'import localstack.services.s3.provider as provider',
  "provider.DEFAULT_S3_TMP_DIR = os.environ['DR_CONTRACTS_S3_STORAGE']",
  "runpy.run_module('localstack.runtime.main', run_name='__main__')",
].join('\n');

async function startOn(port: number, context: LocalContext, signal: AbortSignal): Promise<StartedS3> {
  const endpoint = `http://127.0.0.1:${port}`;
  const place = newS3Place(endpoint);
  const root = context.session.folder('s3');
  await provideCatalogue(root, context.tool('localstack-python'));
  const starting = await startProgram(
    {
      name: 'localstack',
      tool: 'localstack-python',
      args: ['-c', LAUNCHER],
      env: localstackEnvironment(port, root),
      ending: 'immediate',
    },
    context,
  );
  const { process } = await starting.untilServing(backupBucketThere(place), signal);
  return {
    place,
    process,
    [Symbol.asyncDispose]: async () => {
      await process.stop();
    },
  };
}

function localstackEnvironment(port: number, root: string): Record<string, string> {
  return {
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    LOCALSTACK_HOST: `127.0.0.1:${port}`,
    // Without it, LocalStack keeps its folders beside its own code, for all sessions together.
    FILESYSTEM_ROOT: root,
    DR_CONTRACTS_S3_STORAGE: join(root, 'objects'),
    // LocalStack ignores it where it believes that it runs in its own container image.
    OVERRIDE_IN_DOCKER: '0',
    SERVICES: 's3,sts,iam,route53',
    STRICT_SERVICE_LOADING: '1',
    EAGER_SERVICE_LOADING: '0',
    DNS_ADDRESS: '0',
    DISABLE_EVENTS: '1',
    SKIP_SSL_CERT_DOWNLOAD: '1',
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

/** Folder below LocalStack's root in which it looks for prebuilt files. */
const STATIC_FOLDER = join('usr', 'lib', 'localstack');

/**
 * Gives a new LocalStack the index of every AWS operation, which each start would otherwise build (five seconds of processor time). The
 * toolchain built it into the virtual environment. Another Python, named by the user, may lack it: LocalStack then starts slower, without
 * an error.
 */
async function provideCatalogue(root: string, python: string): Promise<void> {
  const kept = join(dirname(dirname(python)), 'localstack-static');
  if (!existsSync(kept)) return;
  await mkdir(join(root, dirname(STATIC_FOLDER)), { recursive: true });
  await symlink(kept, join(root, STATIC_FOLDER));
}
