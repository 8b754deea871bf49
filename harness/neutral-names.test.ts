import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

/** Names of systems, of their programs and of their images. */
const NAMES =
  /nats|jetstream|\bs3\b|s3[A-Z]|kubernetes|kubectl|velero|\bgcs\b|localstack|coredns|\betcd\b|minio|postgres/i;

/** Folders that know systems, tools and images by their tokens and providers alone. */
const NEUTRAL = ['model', 'drill', 'verdict', 'base', 'wait', 'clock', 'asset-kit', 'procedure-kit'];

/** Files elsewhere of which the same holds. */
const NEUTRAL_FILES = [
  ...['attach', 'choose-target', 'drills-at-once', 'garbage', 'handle', 'parts', 'ports', 'relay'].map(
    (name) => `harness/targets/${name}.ts`,
  ),
  ...['session', 'session-folders', 'start', 'stray', 'sweep', 'tool-paths', 'wishes'].map(
    (name) => `harness/targets/${name}.ts`,
  ),
  ...['attach-target', 'drill-order', 'take-turns', 'wanted-parts'].map((name) => `harness/contract/${name}.ts`),
  ...['answers', 'init-command', 'init-options', 'pipeline-files', 'written-files'].map(
    (name) => `harness/cli/init/${name}.ts`,
  ),
  'harness/project/start-target.ts',
  ...['command-lines', 'first-contract', 'provider', 'recipe'].map((name) => `harness/registered/${name}.ts`),
  'harness/targets/docker/image-programs.ts',
];

/** Files that name a system in their code, and why. Comments are examples for readers, and do not count. */
const REASONS: Readonly<Record<string, string>> = {
  'harness/contract/wanted-parts.ts': 'kubectl renders manifests on every target, also for contracts of other systems',
  'harness/model/causes.ts': 'the published list of causes explains each of them',
  'harness/model/cost.ts': 'an example in the published schema of records',
  'harness/model/run-record.ts': 'a field of the published schema of records',
  'harness/model/posture.ts': 'an example in the published schema of records',
  'harness/model/record-parts.ts': 'schedules follow the rules of a scheduler, which records name',
  'harness/model/schedule.ts': 'schedules follow the rules of a scheduler, which records name',
  'harness/procedure-kit/destination.ts': 'the mistake in a contract names the stores that are shipped',
  'harness/verdict/halts.ts': 'the roll-out of the platform halts for its installation of Velero',
  'harness/verdict/hand-over.ts': 'a field of the published schema of records',
  'harness/verdict/run-analysis.ts': 'the controller of Kubernetes starts CronJobs by this rule',
  'harness/verdict/schedule-gap.ts': 'schedules follow the rules of a scheduler, which records name',
};

const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');

async function neutralFiles(): Promise<readonly string[]> {
  const found = [...NEUTRAL_FILES];
  for (const folder of NEUTRAL) {
    for (const entry of await readdir(`harness/${folder}`, { recursive: true, withFileTypes: true })) {
      const path = `${entry.parentPath}/${entry.name}`;
      if (entry.isFile() && path.endsWith('.ts') && !/\.test\.ts$|\/testing\//.test(path)) found.push(path);
    }
  }
  return found;
}

async function namingFiles(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of await neutralFiles()) {
    const lines = withoutComments(await readFile(path, 'utf8')).split('\n');
    const naming = lines.find((line) => NAMES.test(line));
    if (naming !== undefined) found.push(`${path}: ${naming.trim()}`);
  }
  return found.toSorted();
}

it('no system is named in what is neutral, but for files with a reason', async () => {
  const found = await namingFiles();
  const unexplained = found.filter((each) => REASONS[each.split(':')[0] ?? ''] === undefined);
  expect(unexplained).toEqual([]);
  expect(found.map((each) => each.split(':')[0])).toEqual(Object.keys(REASONS).toSorted());
});
