import type { OpenAsset } from '../model/asset.ts';
import type { RestoreReport } from '../model/procedure.ts';
import type { DrillRecord, RecoveryVariableRecord } from '../model/record.ts';
import type { PerformedStep, RecoveryVariable } from '../model/recovery-step.ts';

const SECRET_NAME = /SECRET|PASSWORD|TOKEN|CREDENTIAL|PRIVATE|ACCESS_KEY/i;
const USER_IN_URL = /:\/\/[^/\s]*@/;

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

/** A procedure that told of no step is known by its commands; only one that is the whole restore has a time of its own. */
export function stepsOfCommands(record: DrillRecord, { commands }: RestoreReport, restoreMs: number): void {
  if (record.recovery?.steps.some(({ phase }) => phase === 'restore')) return;
  const [only, ...more] = commands;
  if (only === undefined) return;
  const command = [only, ...more].join('\n');
  recordStep(record, 'restore', { what: 'Restore from the backup', command, measuredMs: restoreMs, outcome: 'done' });
}
