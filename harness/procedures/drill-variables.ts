import type { Destination, Standpoint } from '../model/backup-store.ts';
import type { ProcedureContext } from '../model/procedure.ts';

/** What every procedure of a drill is given: the asset's variables and where its backups go. No credentials but the asset's own. */
export function drillVariables(
  { environment, step }: Pick<ProcedureContext, 'environment' | 'step'>,
  destination: Destination,
  standpoint: Standpoint = 'process',
): Map<string, string> {
  const inPod = standpoint === 'pod';
  step.secrets.addPublic(destination.prefix);
  const { NATS_URL_FROM_PODS, ...asset } = environment;
  return new Map([
    ...Object.entries(asset),
    ...(inPod && NATS_URL_FROM_PODS !== undefined ? [['NATS_URL', NATS_URL_FROM_PODS] as const] : []),
    ...destination.variables(standpoint),
  ]);
}
