import type { Destination, Standpoint } from '../model/backup-store.ts';
import type { ProcedureContext } from '../model/procedure.ts';
import type { Step } from '../model/step.ts';

/** Ends the name of a variable that an asset gives twice: with this value, a pod reaches what a process reaches with the other. */
const FROM_PODS = '_FROM_PODS';

/** What every procedure of a drill is given: the asset's variables and where its backups go. No credentials but the asset's own. */
export function drillVariables(
  { environment, step }: Pick<ProcedureContext, 'environment'> & { readonly step: Pick<Step, 'secrets'> },
  destination: Pick<Destination, 'prefix' | 'variables'>,
  standpoint: Standpoint = 'process',
): Map<string, string> {
  step.secrets.addPublic(destination.prefix);
  const given = Object.entries(environment);
  const forPods = given.filter(([name]) => name.endsWith(FROM_PODS));
  const inPod = forPods.map(([name, value]) => [name.slice(0, -FROM_PODS.length), value] as const);
  return new Map([
    ...given.filter(([name]) => !name.endsWith(FROM_PODS)),
    ...(standpoint === 'pod' ? inPod : []),
    ...destination.variables(standpoint),
  ]);
}
