import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExplainedError } from '../../model/errors.ts';
import type { Secrets } from '../../model/secrets.ts';
import type { Step } from '../../model/step.ts';
import type { Mount } from '../../process/sandbox/arguments.ts';
import type { FoundCronJob } from './find.ts';
import type { CronJobSettings } from './options.ts';
import { secretsOfDrill } from './secrets.ts';

/** The paths among what a contract keeps. */
export const pathsOf = ({ keeps }: CronJobSettings): readonly string[] =>
  keeps.filter((kept) => typeof kept === 'string');

/** The Secrets among it, for the record. */
export const secretsNamed = ({ keeps }: CronJobSettings): readonly string[] =>
  keeps.flatMap((kept) => (typeof kept === 'string' ? [] : [`Secret ${kept.secret} at ${kept.at}`]));

/** The Secrets among it, each a folder of files at its place. */
export async function keptSecrets(
  settings: CronJobSettings,
  found: FoundCronJob,
  known: ReadonlyMap<string, string>,
  step: Step,
  secrets: Secrets,
): Promise<readonly Mount[]> {
  const wanted = settings.keeps.filter((kept) => typeof kept !== 'string');
  if (wanted.length === 0) return [];
  const contents = secretsOfDrill(found, settings.secrets, known, secrets);
  const mounts: Mount[] = [];
  for (const { secret, at } of wanted) {
    const content = contents.get(secret);
    if (content === undefined) throw noSuchSecret(secret);
    const folder = join(step.scratchDir, 'kept-secrets', secret);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const [key, value] of content) await writeFile(join(folder, key), value, { mode: 0o400, flag: 'w' });
    mounts.push({ from: folder, to: at, mode: 'read-only' });
  }
  return mounts;
}

const noSuchSecret = (secret: string): ExplainedError =>
  new ExplainedError({
    thing: `keeps: Secret ${secret}`,
    expected: 'a Secret of the manifests, or one that `secrets` describes',
    observed: 'there is none of that name',
    nextStep: 'Correct `keeps` or `secrets` of cronJob({ … }).',
  });
