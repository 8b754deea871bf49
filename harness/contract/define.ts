import { z } from 'zod';
import { canProtect, offersOf, type Survivable, type Ways } from '../model/access.ts';
import type { AssetKind, Disaster } from '../model/asset.ts';
import type { AuditNotes } from '../model/audit.ts';
import { type Contract, type FreshnessLevels, priorities } from '../model/contract.ts';
import { ContractMistakeError, ExplainedError } from '../model/errors.ts';
import { parsedOptions } from '../model/options-mistake.ts';
import type { PostureCheck, PostureContract } from '../model/posture.ts';
import type { Procedure } from '../model/procedure.ts';
import type { Schedule } from '../model/schedule.ts';
import type { Capability } from '../model/service.ts';
import { suggestion } from '../model/text.ts';
import { parseDurationMs, parseRpo, parseSizeBytes } from '../model/units.ts';
import { capabilities } from '../registered/providers.ts';
import { longestGapMs } from '../verdict/schedule-gap.ts';
import { nameIn, throwMistakeIn } from './collect.ts';

/** Fields of a contract of either kind for auditors and for the schedule of its proofs. They have no defaults. */
interface AuditDefinition {
  /**
   * Promised interval between proofs, e.g. `1d`. The gate and `verify` then notice a missing scheduled run. A proof may be late by a tenth
   * of it, and by an hour where that is longer.
   */
  readonly cadence?: string;
  readonly audit?: {
    /** Business impact analysis behind the objectives: a link, or the name of the document. */
    readonly impactAnalysis?: string;
    /** Kind of test, in the words of your test programme, e.g. `functional test on a disposable copy`. */
    readonly testKind?: string;
    /** Separation of the restore target from the source. */
    readonly segregation?: string;
  };
}

const words = z.string().trim().min(1, 'must not be empty').optional();

/** The same fields, for the schemas of contracts and posture contracts. */
const auditFields = {
  cadence: z.string().optional(),
  audit: z.strictObject({ impactAnalysis: words, testKind: words, segregation: words }).optional(),
};

/**
 * @param thing name of the contract, for messages.
 * @throws {ExplainedError} for an invalid cadence.
 */
function auditOf(
  { cadence, audit }: { readonly cadence?: string | undefined; readonly audit?: AuditNotes | undefined },
  thing: string,
): { readonly cadenceMs?: number; readonly audit?: AuditNotes } {
  return {
    ...(cadence === undefined ? {} : { cadenceMs: parseDurationMs(cadence, `${thing}, cadence`) }),
    ...(audit === undefined || Object.keys(audit).length === 0 ? {} : { audit }),
  };
}

/** A contract as its author writes it. Durations (`15m`) and sizes (`50GiB`) are human-readable. */
export interface ContractDefinition<W extends Ways = Ways, Used extends string = string> extends AuditDefinition {
  /** Unique among the contracts; the argument of `--contract`. */
  readonly name: string;
  readonly asset: AssetKind<W>;
  /** Recovery time objective: the service is back within this time, including detection and decision. */
  readonly rto: string;
  /**
   * Recovery point objective: maximal loss of acknowledged writes. `0s` allows no loss. `none` is for an asset that keeps no data: the
   * drill judges the restored content and the duration, but neither loss nor exposure.
   */
  readonly rpo: string;
  readonly priority: (typeof priorities)[number];
  readonly owner: string;
  /** Controls for which this contract is evidence, e.g. `SOC 2 A1.2`. */
  readonly controls?: readonly string[];
  readonly protectedBy: Procedure<Used>;
  /** Names of the asset kind's disasters from which this procedure can restore the asset. */
  readonly survives: readonly Survivable<W, Used>[];
  /** The asset's size in production; with it, the RTO is judged by extrapolation to this size. */
  readonly productionSize?: string;
  /** Budgeted, without a wait: `failures × every` is added to every RTA. */
  readonly detection?: { readonly failures: number; readonly every: string };
  /** Budgeted time for a human decision, added to every RTA. */
  readonly decision?: string;
  /** For the runbook: functions that still work during the recovery. */
  readonly degraded?: string;
  /** For the runbook: the person who decides to start the recovery, and the action when one of its steps fails. */
  readonly runbook?: { readonly decides?: string; readonly ifItFails?: string };
  /** Age limits of the newest recovery point: `below` is the promise, `critical` breaks it, and an age in between is at risk. */
  readonly freshness?: { readonly below: string; readonly critical: string };
}

const isAssetKind = (value: unknown): value is AssetKind =>
  typeof value === 'object' && value !== null && 'disasters' in value && 'open' in value;
const isProcedure = (value: unknown): value is Procedure =>
  typeof value === 'object' && value !== null && 'backup' in value && 'restore' in value;

const definitionSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens, e.g. nats-streams'),
  asset: z.custom<AssetKind>(isAssetKind, 'must be an asset such as jetstream({ … })'),
  rto: z.string(),
  rpo: z.string(),
  priority: z.enum(priorities),
  owner: z.string().min(1, 'must name who answers for it'),
  controls: z.array(z.string().min(1)).default([]),
  protectedBy: z.custom<Procedure>(isProcedure, 'must be a procedure such as script({ … }) or veleroSchedule({ … })'),
  survives: z.array(z.string()).min(1, 'must name at least one disaster'),
  productionSize: z.string().optional(),
  detection: z.strictObject({ failures: z.int().positive(), every: z.string() }).optional(),
  decision: z.string().optional(),
  degraded: z.string().trim().min(1).optional(),
  runbook: z
    .strictObject({ decides: z.string().trim().min(1).optional(), ifItFails: z.string().trim().min(1).optional() })
    .optional(),
  freshness: z.strictObject({ below: z.string(), critical: z.string() }).optional(),
  ...auditFields,
});

const CORRECT = 'Correct the field.';

/**
 * Validates a definition.
 * @throws {ExplainedError} for the first mistake, naming the contract, the field and the fix.
 */
export function defineContract<W extends Ways, Used extends string>(
  definition: ContractDefinition<W, Used>,
  sourceFile?: string,
): Contract {
  throwMistakeIn(definition);
  const thing = contractThing(definition, sourceFile);
  const parsed = parsedOptions(thing, definitionSchema, definition, CORRECT);
  const { asset, protectedBy, survives, detection, ...rest } = parsed;
  if (asset.protectedCount === 0) {
    throw new ExplainedError({
      thing,
      expected: 'an asset that holds something',
      observed: `its asset (${asset.description}) protects nothing`,
      nextStep: 'Give it streams, objects or manifests to protect.',
    });
  }
  requireSupplied(thing, [...asset.needs, ...protectedBy.needs]);
  const known = asset.disasters.map((disaster) => disaster.name);
  for (const disaster of survives) {
    if (known.includes(disaster)) continue;
    throw new ExplainedError({
      thing,
      expected: `only disasters of a ${asset.system} asset: ${known.join(', ')}`,
      observed: `\`survives\` names "${disaster}"${suggestion(disaster, known)}`,
      nextStep: 'Correct `survives`.',
    });
  }
  const repeated = survives.find((name, index) => survives.indexOf(name) < index);
  if (repeated !== undefined) {
    throw new ExplainedError({
      thing,
      expected: 'every disaster once',
      observed: `\`survives\` names "${repeated}" twice`,
      nextStep: 'Remove the second one.',
    });
  }
  for (const name of survives) {
    const disaster = asset.disasters.find((each) => each.name === name);
    if (disaster !== undefined && !canProtect(protectedBy, disaster))
      throw cannotProtect(thing, asset, protectedBy, disaster);
  }
  if (rest.freshness !== undefined && typeof protectedBy.schedule === 'string') {
    throw new ExplainedError({
      thing,
      expected:
        'a procedure that runs on a schedule, because `freshness` promises how old its newest recovery point becomes',
      observed: `${protectedBy.description} has no schedule`,
      nextStep: 'Remove `freshness`: `rpo` says what may be lost.',
    });
  }
  const rpoMs = parseRpo(rest.rpo, `${thing}, rpo`);
  if (rest.freshness !== undefined && rpoMs === null) {
    throw new ExplainedError({
      thing,
      expected: 'an asset that keeps data, because `freshness` promises how old the newest copy of that data becomes',
      observed: "`rpo: 'none'` says that the asset keeps no data",
      nextStep: 'Remove `freshness`, or write a duration in `rpo`.',
    });
  }
  if (typeof protectedBy.schedule === 'object') requireComputable(protectedBy.schedule, thing);
  if (protectedBy.copiedOn !== undefined) requireComputable(protectedBy.copiedOn, thing);
  return {
    name: rest.name,
    asset,
    rtoMs: parseDurationMs(rest.rto, `${thing}, rto`),
    rpoMs,
    priority: rest.priority,
    owner: rest.owner,
    controls: rest.controls,
    protectedBy,
    survives,
    productionSizeBytes:
      rest.productionSize === undefined ? undefined : parseSizeBytes(rest.productionSize, `${thing}, productionSize`),
    detection: detection && {
      failures: detection.failures,
      everyMs: parseDurationMs(detection.every, `${thing}, detection.every`),
    },
    decisionMs: rest.decision === undefined ? 0 : parseDurationMs(rest.decision, `${thing}, decision`),
    degraded: rest.degraded,
    runbook: rest.runbook,
    ...(rest.freshness === undefined ? {} : { freshness: freshnessOf(rest.freshness, thing) }),
    ...auditOf(rest, thing),
    sourceFile,
  };
}

/** Refuses an author's schedule that cannot be computed. A schedule in the platform's own objects is judged in the drill instead. */
function requireComputable(schedule: Schedule, thing: string): void {
  if (schedule.heldBy !== undefined) return;
  try {
    longestGapMs(schedule, new Date());
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    const { explanation } = error;
    throw new ContractMistakeError({ ...explanation, thing: `${thing}: ${explanation.thing}` }, { cause: error });
  }
}

/**
 * Returns the error for a mistake of the contract's author: the procedure would fail in the drill, and the failure would be attributed to
 * the platform.
 */
function cannotProtect(thing: string, asset: AssetKind, procedure: Procedure, disaster: Disaster): ExplainedError {
  const others = asset.disasters.filter((each) => canProtect(procedure, each)).map(({ name }) => name);
  const can = offersOf(disaster).flatMap(({ usedBy, name }) =>
    usedBy.length === 0 ? [`one that protects by ${name}`] : usedBy,
  );
  return new ExplainedError({
    thing,
    expected: `a procedure that can bring a ${asset.system} asset back after "${disaster.name}": ${can.join(', ') || 'there is none'}`,
    observed: `${procedure.description} cannot; ${others.length === 0 ? 'it cannot protect this asset from anything' : `it protects this asset only from ${others.join(', ')}`}`,
    nextStep:
      others.length === 0
        ? 'Choose another `protectedBy`.'
        : 'Choose another `protectedBy`, or take the disaster out of `survives`.',
  });
}

function freshnessOf(written: { below: string; critical: string }, thing: string): FreshnessLevels {
  const belowMs = parseDurationMs(written.below, `${thing}, freshness.below`);
  const criticalMs = parseDurationMs(written.critical, `${thing}, freshness.critical`);
  if (belowMs < criticalMs) return { belowMs, criticalMs };
  throw new ExplainedError({
    thing,
    expected: 'a `freshness.below` that is shorter than `freshness.critical`',
    observed: `they are ${written.below} and ${written.critical}`,
    nextStep: 'Correct `freshness`.',
  });
}

function contractThing(definition: unknown, sourceFile: string | undefined): string {
  const name =
    typeof definition === 'object' && definition !== null && 'name' in definition
      ? ` "${String(definition.name)}"`
      : '';
  return `contract${name}${sourceFile === undefined ? '' : ` in ${sourceFile}`}`;
}

/** A posture contract as its author writes it. */
export interface PostureDefinition extends AuditDefinition {
  /** Unique among all contracts; the argument of `--contract`. */
  readonly name: string;
  readonly owner: string;
  /** Controls for which this contract is evidence, e.g. `ISO 27001 A.8.13`. */
  readonly controls?: readonly string[];
  /**
   * An executable that deploys the platform onto a disposable target, as its operators would: bucket, policies, manifests, a first backup.
   * It is never run against anything else.
   */
  readonly appliedBy?: string;
  /** Capabilities that the executable needs of the target, besides those of the checks. */
  readonly needs?: readonly Capability[];
  readonly checks: readonly PostureCheck[];
}

const isCheck = (value: unknown): value is PostureCheck =>
  typeof value === 'object' && value !== null && 'promise' in value && 'observe' in value;
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens, e.g. off-site-backups');

const postureDefinitionSchema = z.strictObject({
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

/** @throws {ExplainedError} for a need that no provider supplies on any target. */
function requireSupplied(thing: string, needs: readonly Capability[]): void {
  const known = capabilities();
  const alien = needs.find((need) => !known.includes(need));
  if (alien === undefined) return;
  throw new ExplainedError({
    thing,
    expected: `an asset and a procedure that need only what providers supply: ${known.join(', ')}`,
    observed: `one of them needs "${alien}"${suggestion(alien, known)}`,
    nextStep: 'Correct `needs`, or name its provider in `providers` of dr-contracts.config.ts.',
  });
}

/** @throws {ExplainedError} when the contract is malformed. */
export function definePosture(definition: PostureDefinition, sourceFile?: string): PostureContract {
  throwMistakeIn(definition);
  const thing = `posture "${nameIn(definition) ?? ''}"${sourceFile === undefined ? '' : ` in ${sourceFile}`}`;
  const parsed = parsedOptions(thing, postureDefinitionSchema, definition, 'Correct the field.');
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
