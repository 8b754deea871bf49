import { readFile } from 'node:fs/promises';
import type { BackupStore } from '../model/backup-store.ts';
import type { RecoveryVariable } from '../model/step.ts';
import type { AuthorVariables } from './author-environment.ts';

const MEANINGS: Readonly<Record<string, Omit<RecoveryVariable, 'name'>>> = {
  BACKUP_BUCKET: { meaning: 'the bucket that holds the backups' },
  BACKUP_PREFIX: { meaning: 'the prefix of the backups in that bucket, with its "/"' },
  WORK_DIR: { meaning: 'an empty scratch folder with room for the backup', obtain: '"$(mktemp -d)"' },
  RECOVERY_POINT_TIME: {
    meaning: 'the second of the first damaging write, in UTC, from the audit log; what came before it is kept',
  },
  KUBECONFIG: { meaning: 'the kubeconfig of the cluster to restore into' },
};
/** The process's own. */
const OWN = ['PATH', 'HOME'];

/**
 * The variables that an operator has to set to run a script as the drill ran it: those that the script names, and
 * those that the clients of its store read. Values are for the record, which leaves out those of secrets. A value that the contract's author gave is left out
 * here: only what the drill made is known to be harmless.
 */
export async function variablesOfScript(
  path: string,
  given: Readonly<Record<string, string>>,
  store: BackupStore,
  meanings: Readonly<Record<string, string>> = {},
  author?: AuthorVariables,
): Promise<readonly RecoveryVariable[]> {
  const text = await readFile(path, 'latin1');
  const isNamed = (name: string) =>
    new RegExp(`\\b${name}\\b`).test(text) || store.variables[name]?.readByClients === true;
  const left = new Set([...OWN, ...store.onlyInDrills]);
  return Object.entries(given)
    .filter(([name]) => !left.has(name) && isNamed(name))
    .map(([name, value]) => ({
      name,
      ...(author?.values.has(name) === true && !author.recordable.has(name) ? {} : { value }),
      ...(describe(name, store, meanings) ?? { meaning: 'as the backup is given it' }),
    }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function describe(
  name: string,
  store: BackupStore,
  meanings: Readonly<Record<string, string>>,
): Omit<RecoveryVariable, 'name'> | undefined {
  const meaning = meanings[name];
  if (meaning !== undefined) return { meaning };
  const known = store.variables[name];
  if (known !== undefined) return { meaning: known.meaning };
  return name === 'RECOVERY_POINT'
    ? { meaning: `the backup to restore, as \`${store.urlForm}\`; choose the newest from before the damage` }
    : MEANINGS[name];
}
