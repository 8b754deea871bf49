import type { OpenAsset } from '../model/asset.ts';
import type { RestoreReport } from '../model/procedure.ts';
import type { DrillRecord, RecoveryVariableRecord } from '../model/record.ts';
import type { Secrets } from '../model/secrets.ts';
import type { PerformedStep } from '../model/step.ts';

/** Length of the shortest value that is replaced. A shorter one may occur in a command by chance. */
const SHORTEST_VALUE = 8;
const MEANINGS: Readonly<Record<string, string>> = { RECOVERY_POINT: 'the backup to restore' };

/** Writes a step of the recovery into the record. A variable that holds a secret is recorded without its value. */
export function recordStep(record: DrillRecord, phase: string, performed: PerformedStep, secrets: Secrets): void {
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
    recovery.variables.push(recordable(variable, secrets));
  }
}

function recordable(
  { name, meaning, obtain, value }: RecoveryVariableRecord,
  secrets: Secrets,
): RecoveryVariableRecord {
  const secret = value === undefined || isSecret(value, `variable ${name}`, secrets);
  return { name, meaning, ...(obtain === undefined ? {} : { obtain }), ...(secret ? {} : { value }) };
}

/** Returns the record without the values of variables that turned out to be secret after they were recorded. */
export function withoutSecretValues(record: DrillRecord, secrets: Secrets): DrillRecord {
  const { recovery } = record;
  if (recovery === undefined) return record;
  return {
    ...record,
    recovery: { ...recovery, variables: recovery.variables.map((each) => recordable(each, secrets)) },
  };
}

/** Returns true for a secret value. In an address with a user, the user and the password are secret. */
function isSecret(value: string, origin: string, secrets: Secrets): boolean {
  secrets.addCredentialsOf(value, origin);
  return secrets.foundIn(value);
}

/**
 * Records the asset's own names (its bucket, its namespace) that reads of the drill mention. The runbook replaces them with these
 * variables.
 */
export function recordNames(
  record: DrillRecord,
  asset: Pick<OpenAsset, 'environment' | 'meanings'>,
  secrets: Secrets,
): void {
  const environment = asset.environment();
  for (const [name, meaning] of Object.entries(asset.meanings ?? {})) {
    const value = environment[name];
    if (value === undefined || record.recovery?.variables.some((known) => known.name === name)) continue;
    record.recovery?.variables.push(recordable({ name, meaning, value }, secrets));
  }
}

/**
 * Makes a step from the commands of a phase whose procedure reported no steps. It puts the asset's variables in place of their values. One
 * step holds all commands, because they have no times of their own.
 */
export function stepsOfCommands(
  record: DrillRecord,
  phase: string,
  what: string,
  { commands }: Pick<RestoreReport, 'commands'>,
  measuredMs: number,
  secrets: Secrets,
  environment: Readonly<Record<string, string>> = {},
): void {
  if (commands.length === 0 || record.recovery?.steps.some((step) => step.phase === phase)) return;
  const given = Object.entries({ ...environment, RECOVERY_POINT: record.recoveryPoint?.location ?? '' })
    .filter(([, value]) => value.length >= SHORTEST_VALUE)
    .toSorted(([, one], [, other]) => other.length - one.length);
  const written = commands.join('\n');
  const command = given.reduce((text, [name, value]) => text.replaceAll(value, `$${name}`), written);
  const variables = given
    .filter(([name]) => new RegExp(`\\$${name}\\b`).test(command))
    .map(([name, value]) => ({ name, value, meaning: MEANINGS[name] ?? 'as the backup is given it' }));
  recordStep(record, phase, { what, command, variables, measuredMs, outcome: 'done' }, secrets);
}
