import { bucketArn, LIST_PREFIX_KEY, objectArn } from '../../systems/iam/requests.ts';
import type { DecidedWriter } from '../../systems/iam/writer-policy.ts';
import type { Try } from './trial-plan.ts';

/** What the documents say of one request of a trial. */
export interface Said {
  readonly allows: boolean;
  /** True where nobody can tell from the documents. */
  readonly isUndecided: boolean;
  /**
   * What a service may decide otherwise than IAM: parts of the language that it may not know, and conditions that depend on where the
   * request comes from. Empty where the documents say plainly what they say.
   */
  readonly reasons: readonly string[];
}

/** The key of the objects of a trial, as far as it matters to a policy. */
const TRIAL_KEY = 'dr-contracts-trial-0';

/** @returns nothing for an action that S3 publishes under no such name. */
export function saidOf(decided: DecidedWriter, { operation, bucket, prefix }: Try): Said | undefined {
  const { access, catalogue, partition, statements } = decided;
  const entry = catalogue.find(({ action }) => action.toLowerCase() === operation.action.toLowerCase());
  if (entry === undefined) return undefined;
  const resource =
    operation.on === 'object'
      ? objectArn(bucket, `${prefix ?? ''}${TRIAL_KEY}`, partition)
      : bucketArn(bucket, partition);
  const fixed = operation.isListing === true ? { [LIST_PREFIX_KEY]: prefix } : {};
  const { allowed, undecided } = access.decide({ entry, resource, fixed });
  const reasons = new Set<string>(partition === 'aws' ? [] : [`the partition ${partition}`]);
  if (decided.isOlderLanguage) reasons.add('a version of the language before 2012-10-17');
  for (const statement of statements) {
    if (!access.matchesAction(statement, entry.action)) continue;
    const { conditions, isNotAction, isNotResource, resources } = statement;
    for (const { key } of conditions) reasons.add(`the condition on ${key}`);
    if (isNotAction) reasons.add('NotAction');
    if (isNotResource) reasons.add('NotResource');
    if (resources.some((each) => each.includes('${'))) reasons.add('policy variables');
  }
  return { allows: allowed.length > 0, isUndecided: undecided.length > 0, reasons: [...reasons] };
}
