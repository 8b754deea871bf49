import { type Recipe, versionFlag } from '../../registered/recipe.ts';
import { awsInImage } from './aws-in-image.ts';

const LOCALSTACK = '4.13.1';
const AWS_CLI = '1.44.24';

/** Both come with LocalStack's virtual environment. */
export const s3Programs: readonly Recipe[] = [
  {
    name: 'localstack-python',
    version: LOCALSTACK,
    probe: {
      kind: 'command',
      args: ['-c', 'from importlib.metadata import version; print(version("localstack-core"))'],
      pattern: /^(\d\S*)$/m,
    },
    kind: 'python',
    program: 'bin/python',
    takenFromPath: false,
  },
  {
    name: 'aws',
    version: AWS_CLI,
    probe: versionFlag(/^aws-cli\/(\S+)/m),
    kind: 'python',
    program: 'bin/aws',
    takenFromPath: true,
    onScriptsPath: true,
    inImage: awsInImage,
  },
];
