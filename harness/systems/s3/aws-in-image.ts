import type { PlaceInImage } from '../../registered/recipe.ts';

const SCRIPT = '/collect_aws.py';

/**
 * Collects the AWS command line, which the LocalStack image holds as packages of one of its Pythons: of LocalStack's own environment, or of
 * the system's Python with LocalStack's package folder.
 */
const COLLECT = `
export PYTHONPATH=/opt/code/localstack/site
for python in /opt/code/localstack/.venv/bin/python /usr/local/bin/python3 /usr/bin/python3; do
  if [ -x "$python" ] && "$python" -c 'import awscli' 2>/dev/null; then exec "$python" ${SCRIPT}; fi
done
echo 'the image has no awscli package' >&2
exit 1`;

/**
 * Copies the AWS command line with its Python, their libraries and their loader: a Python program is not a single file, and a sandbox must
 * not reach the docker daemon to run it in its container.
 */
export const awsInImage: PlaceInImage = {
  image: 'localstack',
  files: ['bin/aws', 'bin/python3', 'lib/loader/ld.so'],
  gatheredBy: {
    script: { file: 'python/collect_aws.py', to: SCRIPT },
    command: ['/bin/sh', '-c', COLLECT],
    folder: '/tmp/aws',
  },
};
