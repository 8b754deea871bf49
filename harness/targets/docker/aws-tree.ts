import { join } from 'node:path';
import { lockFolder } from '../../toolchain/cache-folder.ts';
import { type CopyStep, copyFromImage } from './copy-from-image.ts';
import type { FoundImage } from './images.ts';

const SCRIPT = 'collect_aws.py';

/**
 * The AWS command line lies in the LocalStack image as packages of one of its Pythons: of LocalStack's own environment, or of the
 * system's Python with LocalStack's folder of packages.
 */
const COLLECT = `
export PYTHONPATH=/opt/code/localstack/site
for python in /opt/code/localstack/.venv/bin/python /usr/local/bin/python3 /usr/bin/python3; do
  if [ -x "$python" ] && "$python" -c 'import awscli' 2>/dev/null; then exec "$python" /${SCRIPT}; fi
done
echo 'the image has no awscli package' >&2
exit 1`;

/**
 * Copies the AWS command line with the Python that runs it, their libraries and their loader: a Python program cannot be copied as one
 * file, and a sandbox must not reach the docker daemon to run it in its container.
 */
export const copyAwsTree = async ({ id }: FoundImage, to: string, step: CopyStep): Promise<void> =>
  await copyFromImage(id, [{ from: '/tmp/aws/.', to }], step, {
    script: { file: join(lockFolder, 'python', SCRIPT), to: `/${SCRIPT}` },
    command: ['/bin/sh', '-c', COLLECT],
  });
