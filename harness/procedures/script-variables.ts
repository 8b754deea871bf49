import { readFile } from 'node:fs/promises';
import type { RecoveryVariable } from '../model/recovery-step.ts';
import type { AuthorVariables } from './author-environment.ts';

const MEANINGS: Readonly<Record<string, Omit<RecoveryVariable, 'name'>>> = {
  AWS_REGION: { meaning: 'the region of the backup bucket' },
  AWS_ACCESS_KEY_ID: { meaning: 'credentials that may read the backups (or set `AWS_PROFILE` instead)' },
  AWS_SECRET_ACCESS_KEY: { meaning: 'the secret that belongs to `AWS_ACCESS_KEY_ID`' },
  BACKUP_BUCKET: { meaning: 'the bucket that holds the backups' },
  BACKUP_PREFIX: { meaning: 'the prefix of the backups in that bucket, with its "/"' },
  WORK_DIR: { meaning: 'an empty scratch folder with room for the backup', obtain: '"$(mktemp -d)"' },
  RECOVERY_POINT: {
    meaning: 'the backup to restore, as `s3://bucket/prefix/`; choose the newest from before the damage',
  },
  RECOVERY_POINT_TIME: {
    meaning: 'the second of the first damaging write, in UTC, from the audit log; what came before it is kept',
  },
  KUBECONFIG: { meaning: 'the kubeconfig of the cluster to restore into' },
};
/** The process's own, what only the S3 of a drill needs, and a second name of `AWS_REGION`. */
const OWN = new Set(['PATH', 'HOME', 'AWS_ENDPOINT_URL', 'AWS_DEFAULT_REGION']);
/** The S3 clients read them, whether a script names them or not. */
const READ_BY_CLIENTS = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];

/**
 * The variables that an operator has to set to run a script as the drill ran it: those that the script names, and
 * the credentials of S3. Values are for the record, which leaves out those of secrets. A value that the contract's author gave is left out
 * here: only what the drill made is known to be harmless.
 */
export async function variablesOfScript(
  path: string,
  given: Readonly<Record<string, string>>,
  meanings: Readonly<Record<string, string>> = {},
  author?: AuthorVariables,
): Promise<readonly RecoveryVariable[]> {
  const text = await readFile(path, 'latin1');
  const isNamed = (name: string) => new RegExp(`\\b${name}\\b`).test(text) || READ_BY_CLIENTS.includes(name);
  return Object.entries(given)
    .filter(([name]) => !OWN.has(name) && isNamed(name))
    .map(([name, value]) => ({
      name,
      ...(author?.values.has(name) === true && !author.recordable.has(name) ? {} : { value }),
      ...(describe(name, meanings) ?? { meaning: 'as the backup is given it' }),
    }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function describe(
  name: string,
  meanings: Readonly<Record<string, string>>,
): Omit<RecoveryVariable, 'name'> | undefined {
  const meaning = meanings[name];
  return meaning === undefined ? MEANINGS[name] : { meaning };
}
