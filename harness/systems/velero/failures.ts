import type { Cause } from '../../model/causes.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { LeftOut } from '../../model/procedure.ts';
import type { VeleroObject } from './objects.ts';
import type { ParsedSchedule } from './options.ts';

/** What explains why Velero did not complete, by the field of the platform's file. */
interface Explained {
  readonly because: string;
  readonly cause: Cause;
}

/** Velero adds such namespaces to those that are excluded, and refuses one that is included as well (pkg/controller/backup_controller.go). */
export const LEFT_OUT_BY_LABEL: Explained = {
  because: 'the namespace has the label velero.io/exclude-from-backup: "true", so no backup takes it',
  cause: 'schedule-leaves-namespace-out',
};

export function notCompleted(
  thing: string,
  object: VeleroObject | undefined,
  errors: readonly string[],
  explained: Explained | undefined,
): ExplainedError {
  const { failureReason, validationErrors = [] } = object?.status ?? {};
  const reasons = [...(failureReason === undefined ? [] : [failureReason]), ...validationErrors, ...errors].slice(0, 5);
  const because = explained === undefined ? [] : [explained.because];
  const said = [...because, ...reasons].join('; ').replace(/\.$/, '');
  return new ExplainedError({
    thing,
    expected: 'the phase Completed',
    observed: `it is ${claimOf(object)}${said === '' ? '' : `: ${said}`}`,
    nextStep: `Read \`${thing.replace(/ (\S+)$/, ' logs $1')}\` and \`velero backup-location get\`.`,
    ...(explained === undefined ? {} : { cause: explained.cause }),
  });
}

/** Velero 1.18.3 lists by the text "<none>" then, which the API server cannot read (pkg/backup/item_collector.go). */
export function emptySelector({ template, heldBy }: ParsedSchedule): Explained | undefined {
  const { labelSelector } = template;
  const isEmpty =
    typeof labelSelector === 'object' && labelSelector !== null && Object.keys(labelSelector).length === 0;
  if (!isEmpty) return undefined;
  return {
    because: `spec.template.labelSelector: {} of ${heldBy} selects nothing that Velero can list; remove it`,
    cause: 'schedule-takes-no-backup',
  };
}

/** Objects of a type whose definition the backup leaves out cannot be created in a new cluster. */
export function withoutDefinitions(errors: readonly string[], leftOut: readonly LeftOut[]): Explained | undefined {
  const definitions = leftOut.find(
    ({ kind, name }) => kind.startsWith('CustomResourceDefinition.') && name === undefined,
  );
  const isUnknown = errors.some((error) => error.includes('could not find the requested resource'));
  if (definitions === undefined || !isUnknown) return undefined;
  return {
    because: `the backup leaves out every CustomResourceDefinition (${definitions.because})`,
    cause: 'left-out-by-filter',
  };
}

export function claimOf(object: VeleroObject | undefined): string {
  if (object === undefined) return 'not there';
  const { phase, errors, warnings } = object.status;
  return `${phase}, ${errors} errors, ${warnings} warnings`;
}
