import { z } from 'zod';
import { ExplainedError } from '../model/errors.ts';
import { parsedOptions } from '../model/options-mistake.ts';
import type { PostureCheck, PostureContract } from '../model/posture.ts';
import type { Capability } from '../model/service.ts';
import { capabilities } from '../registered/providers.ts';
import { type AuditDefinition, auditFields, auditOf } from './audit-fields.ts';
import { nameIn } from './collect.ts';
import { throwMistakeIn } from './deferred.ts';

/** What the author of a posture contract writes. */
export interface PostureDefinition extends AuditDefinition {
  /** Unique among all contracts; what `--contract` takes. */
  readonly name: string;
  readonly owner: string;
  /** Controls that this contract is evidence for, e.g. `ISO 27001 A.8.13`. */
  readonly controls?: readonly string[];
  /**
   * An executable that puts the platform onto a disposable target, as its operators would: bucket, policies, manifests, a first
   * backup. It is never run against anything else.
   */
  readonly appliedBy?: string;
  /** What that executable needs of the target, besides what the checks need. */
  readonly needs?: readonly Capability[];
  readonly checks: readonly PostureCheck[];
}

const isCheck = (value: unknown): value is PostureCheck =>
  typeof value === 'object' && value !== null && 'promise' in value && 'observe' in value;
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens, e.g. off-site-backups');

const definitionSchema = z.strictObject({
  name,
  owner: z.string().min(1, 'must name who answers for it'),
  controls: z.array(z.string().min(1)).default([]),
  appliedBy: z.string().min(1).optional(),
  needs: z.array(z.lazy(() => z.enum(capabilities()))).default([]),
  checks: z
    .array(z.custom<PostureCheck>(isCheck, 'must be a check such as writerPolicy({ … })'))
    .min(1, 'must hold at least one check'),
  ...auditFields,
});

/** @throws {ExplainedError} when the contract is not well formed. */
export function definePosture(definition: PostureDefinition, sourceFile?: string): PostureContract {
  throwMistakeIn(definition);
  const thing = `posture "${nameIn(definition) ?? ''}"${sourceFile === undefined ? '' : ` in ${sourceFile}`}`;
  const parsed = parsedOptions(thing, definitionSchema, definition, 'Correct the field.');
  const { appliedBy, checks, needs, cadence, audit, ...rest } = parsed;
  const names = checks.map((check) => check.name);
  const twice = names.find((each, index) => names.indexOf(each) !== index);
  if (twice !== undefined) {
    throw new ExplainedError({
      thing,
      expected: 'every check once',
      observed: `two checks are named "${twice}"`,
      nextStep: 'Remove one, or state it in another posture.',
    });
  }
  return {
    ...rest,
    appliedBy,
    checks,
    needs: [...new Set([...needs, ...checks.flatMap((check) => check.needs)])],
    prefers: [...new Set(checks.flatMap((check) => check.prefers ?? []))],
    ...auditOf({ cadence, audit }, thing),
    sourceFile,
  };
}
