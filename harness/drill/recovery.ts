import type { OpenAsset } from '../model/asset.ts';
import type { RestoreReport } from '../model/procedure.ts';
import type { DrillRecord, RecoveryVariableRecord } from '../model/record.ts';
import type { PerformedStep, RecoveryVariable } from '../model/recovery-step.ts';

const SECRET_NAME = /SECRET|PASSWORD|TOKEN|CREDENTIAL|PRIVATE|ACCESS_KEY/i;
const USER_IN_URL = /:\/\/[^/\s]*@/;
/** Anything shorter may stand in a command by chance. */
const SHORTEST_VALUE = 8;
const MEANINGS: Readonly<Record<string, string>> = { RECOVERY_POINT: 'the backup to restore' };

/** Writes a step of the recovery into the record, values of secrets left out whatever it was told. */
export function recordStep(record: DrillRecord, phase: string, performed: PerformedStep): void {
  const { variables = [], what, command, ifItFails, measuredMs, outcome } = performed;
  record.recovery ??= { steps: [], variables: [] };
  const { recovery } = record;
  recovery.steps.push({
    phase,
    what,
    ...(command === undefined ? {} : { command }),
    variables: variables.map(({ name }) => name),
    measuredMs,
    outcome,
    ...(ifItFails === undefined ? {} : { ifItFails }),
  });
  for (const variable of variables) {
    if (recovery.variables.some(({ name, meaning }) => name === variable.name && meaning === variable.meaning))
      continue;
    recovery.variables.push(recordable(variable));
  }
}

function recordable({ name, meaning, obtain, value }: RecoveryVariable): RecoveryVariableRecord {
  const secret = value === undefined || SECRET_NAME.test(name) || USER_IN_URL.test(value);
  return { name, meaning, ...(obtain === undefined ? {} : { obtain }), ...(secret ? {} : { value }) };
}

/** Names of the asset's own (its bucket, its namespace) that reads of the drill mention: the runbook calls them by these variables. */
export function recordNames(record: DrillRecord, asset: Pick<OpenAsset, 'environment' | 'meanings'>): void {
  const environment = asset.environment();
  for (const [name, meaning] of Object.entries(asset.meanings ?? {})) {
    const value = environment[name];
    if (value === undefined || record.recovery?.variables.some((known) => known.name === name)) continue;
    record.recovery?.variables.push(recordable({ name, meaning, value }));
  }
}

/**
 * A procedure that told of no step of a phase is known by its commands, with the asset's variables in place of their values. One
 * step holds all of them, because they have no times of their own.
 */
export function stepsOfCommands(
  record: DrillRecord,
  phase: string,
  what: string,
  { commands }: Pick<RestoreReport, 'commands'>,
  measuredMs: number,
  environment: Readonly<Record<string, string>> = {},
): void {
  if (commands.length === 0 || record.recovery?.steps.some((step) => step.phase === phase)) return;
  const given = Object.entries({ ...environment, RECOVERY_POINT: record.recoveryPoint?.location ?? '' })
    .filter(([, value]) => value.length >= SHORTEST_VALUE && !USER_IN_URL.test(value))
    .toSorted(([, one], [, other]) => other.length - one.length);
  const written = commands.join('\n');
  const command = given.reduce((text, [name, value]) => text.replaceAll(value, `$${name}`), written);
  const variables = given
    .filter(([name]) => new RegExp(`\\$${name}\\b`).test(command))
    .map(([name, value]) => ({ name, value, meaning: MEANINGS[name] ?? 'as the backup is given it' }));
  recordStep(record, phase, { what, command, variables, measuredMs, outcome: 'done' });
}
