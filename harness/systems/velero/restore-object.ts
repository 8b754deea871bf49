import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContractMistakeError, summaryOf } from '../../model/errors.ts';
import type { ProcedureContext } from '../../model/procedure.ts';
import type { RecoveryStep } from '../../model/step.ts';
import { runCommand } from '../../process/run.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { DRILL_LABEL } from '../kubernetes/access.ts';
import type { VeleroObjects } from './objects.ts';
import type { ParsedSchedule, VeleroEnvironment } from './options.ts';
import { restoreCommand } from './restore-command.ts';
import { drillRestore } from './restore-options.ts';
import { configMap, scopeOf } from './schedule.ts';

/** Velero itself sets no end to a restore; the stage of the drill has its own budget. */
const RESTORE_BUDGET_MS = 12 * 3_600_000;
const ENDED = new Set(['Completed', 'PartiallyFailed', 'Failed', 'FailedValidation']);

/** A Restore as an object, for what `velero restore create` has no option for. */
export interface OwnRestore {
  readonly name: string;
  readonly file: string;
  readonly configMaps: readonly ReturnType<typeof configMap>[];
  readonly described: RecoveryStep;
}

/** Undefined where the contract says nothing of the Restore. */
export async function ownRestore(
  name: string,
  backup: string,
  schedule: ParsedSchedule,
  environment: VeleroEnvironment,
  { drillId, step }: ProcedureContext,
): Promise<OwnRestore | undefined> {
  const { restore, existingResources } = schedule;
  if (restore === undefined) return undefined;
  const { fields, configMaps } = drillRestore(restore, scopeOf(schedule, environment, drillId), name);
  const { ASSET_NAMESPACE, RESTORE_NAMESPACE } = environment;
  const isMapped = ASSET_NAMESPACE !== RESTORE_NAMESPACE;
  const object = (written: {
    name: string;
    backup: string;
    from: string;
    to: string;
    own: Readonly<Record<string, unknown>>;
  }) => ({
    apiVersion: 'velero.io/v1',
    kind: 'Restore',
    metadata: { name: written.name, ...(written.name === name ? { labels: { [DRILL_LABEL]: drillId } } : {}) },
    spec: {
      ...written.own,
      ...(existingResources === undefined ? {} : { existingResourcePolicy: existingResources }),
      backupName: written.backup,
      ...(isMapped ? { namespaceMapping: { [written.from]: written.to } } : {}),
    },
  });
  const file = join(step.scratchDir, `${name}.json`);
  await writeFile(
    file,
    JSON.stringify(object({ name, backup, from: ASSET_NAMESPACE, to: RESTORE_NAMESPACE, own: fields })),
  );
  const { restored } = restoreCommand(backup, name, schedule, environment);
  const typed = JSON.stringify(
    object({
      name: '\u0001RESTORE',
      backup: '\u0001BACKUP',
      from: '\u0001ASSET_NAMESPACE',
      to: '\u0001RESTORE_NAMESPACE',
      own: restore.fields,
    }),
    null,
    2,
  );
  // The shell expands variables in a here-document, so a dollar sign in the Restore is escaped.
  const escaped = typed.replaceAll(/[\\`$]/g, '\\$&').replaceAll('\\\\u0001', '$');
  return {
    name,
    file,
    configMaps: configMaps.map((each) => configMap(each.name, drillId, { 'rules.yaml': each.text })),
    described: {
      ...restored,
      command: `kubectl --namespace "$VELERO_NAMESPACE" create --filename - <<END\n${escaped}\nEND\nvelero --namespace "$VELERO_NAMESPACE" restore get "$RESTORE"`,
    },
  };
}

/**
 * Asks the API server whether it takes the Restore, before anything is destroyed.
 * @throws {ContractMistakeError} with the reason.
 */
export async function requireRestorable(
  schedule: ParsedSchedule,
  environment: VeleroEnvironment,
  context: ProcedureContext,
): Promise<void> {
  const own = await ownRestore(`dr-${context.drillId}-asked`, 'asked', schedule, environment, context);
  if (own === undefined) return;
  try {
    await create(own, ['--dry-run=server'], environment, context);
  } catch (error) {
    if (context.step.signal.aborted) throw error;
    throw new ContractMistakeError(
      {
        thing: 'veleroSchedule(…)',
        expected: 'fields of Velero’s RestoreSpec in `restore`',
        observed: `the API server refuses them: ${summaryOf(error)}`,
        nextStep: 'Correct `restore` in the contract.',
      },
      { cause: error },
    );
  }
}

/** Creates the Restore and waits until Velero has ended it. Returns the command as a reader would type it. */
export async function runRestoreObject(
  own: OwnRestore,
  objects: VeleroObjects,
  environment: VeleroEnvironment,
  context: ProcedureContext,
): Promise<string> {
  await create(own, [], environment, context);
  const { clock, signal } = context.step;
  await waitFor(
    {
      for: `Velero to end restore ${own.name}`,
      budgetMs: RESTORE_BUDGET_MS,
      look: async () => {
        const phase = (await objects.find('restores', own.name))?.status.phase ?? 'not there';
        return ENDED.has(phase) ? arrived(undefined) : notYet(`it is ${phase}`);
      },
    },
    clock,
    signal,
  );
  return `kubectl create --filename ${own.name}.json`;
}

async function create(
  { file }: OwnRestore,
  options: readonly string[],
  { KUBECONFIG, VELERO_NAMESPACE }: VeleroEnvironment,
  { target, step }: ProcedureContext,
): Promise<void> {
  await runCommand(
    {
      name: 'kubectl create (Restore)',
      file: target.tool('kubectl'),
      args: [
        '--kubeconfig',
        KUBECONFIG,
        '--namespace',
        VELERO_NAMESPACE,
        'create',
        '--validate=strict',
        ...options,
        '--filename',
        file,
      ],
      env: { HOME: step.scratchDir },
    },
    step.signal,
  );
}
