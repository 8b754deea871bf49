import type { BackupWait } from '../../model/procedure.ts';
import type { RecoveryStep, RecoveryVariable } from '../../model/step.ts';
import { formatDuration } from '../../model/units.ts';
import type { ParsedSchedule, VeleroEnvironment } from './options.ts';

/** One restore, as it is run and as an operator types it: both are made of the same words. */
export interface RestoreCommand {
  /** Arguments of `velero`, with the drill's own values. */
  readonly args: readonly string[];
  readonly known: RecoveryStep;
  readonly restored: RecoveryStep;
}

export function restoreCommand(
  backup: string,
  restore: string,
  { existingResources }: ParsedSchedule,
  environment: VeleroEnvironment,
  backupWait?: BackupWait,
): RestoreCommand {
  const waitMs = backupWait?.waitMs ?? 0;
  const isMapped = environment.ASSET_NAMESPACE !== environment.RESTORE_NAMESPACE;
  const variables = variablesOf(backup, restore, environment, isMapped);
  const typed = [
    'restore',
    'create',
    '$RESTORE',
    '--from-backup',
    '$BACKUP',
    ...(isMapped ? ['--namespace-mappings', '$ASSET_NAMESPACE:$RESTORE_NAMESPACE'] : []),
    ...(existingResources === undefined ? [] : ['--existing-resource-policy', existingResources]),
    '--wait',
  ];
  return {
    args: typed.map((word) => filledIn(word, variables)),
    known: {
      what: `Wait until Velero knows the backup${waitMs === 0 ? '' : `: it reads it from the bucket within ${formatDuration(waitMs)}`}`,
      variables: variables.filter(({ name }) => name === 'BACKUP'),
      ifItFails: 'Look whether the backup location is available: `velero backup-location get`.',
    },
    restored: {
      what: 'Restore the namespace from the backup',
      command: ['velero', '--namespace', '$VELERO_NAMESPACE', ...typed].map(quoted).join(' '),
      variables,
      ifItFails:
        '"Completed" with warnings may lack objects. Read `velero restore describe "$RESTORE" --details` and ' +
        '`velero restore logs "$RESTORE"`.',
    },
  };
}

function variablesOf(
  backup: string,
  restore: string,
  environment: VeleroEnvironment,
  isMapped: boolean,
): readonly RecoveryVariable[] {
  const { KUBECONFIG, VELERO_NAMESPACE, ASSET_NAMESPACE, RESTORE_NAMESPACE } = environment;
  const mapping: RecoveryVariable[] = [
    { name: 'ASSET_NAMESPACE', meaning: 'the lost namespace', value: ASSET_NAMESPACE },
    { name: 'RESTORE_NAMESPACE', meaning: 'the namespace to restore into', value: RESTORE_NAMESPACE },
  ];
  return [
    { name: 'BACKUP', meaning: 'the newest backup from before the damage: `velero backup get`', value: backup },
    {
      name: 'RESTORE',
      meaning: 'a name for this restore',
      obtain: '"$BACKUP-restore-$(date -u +%Y%m%d%H%M%S)"',
      value: restore,
    },
    { name: 'KUBECONFIG', meaning: 'the kubeconfig of the cluster to restore into', value: KUBECONFIG },
    { name: 'VELERO_NAMESPACE', meaning: 'where Velero runs', obtain: 'velero', value: VELERO_NAMESPACE },
    ...(isMapped ? mapping : []),
  ];
}

const quoted = (word: string): string => (word.includes('$') ? `"${word}"` : word);

const filledIn = (word: string, variables: readonly RecoveryVariable[]): string =>
  word.replaceAll(/\$(\w+)/g, (_, name) => variables.find((variable) => variable.name === name)?.value ?? '');
