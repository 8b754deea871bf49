import { withinBudget } from '../base/budget.ts';
import type { Clock } from '../clock/clock.ts';
import { tellingCredentials } from '../drill/credentials.ts';
import { causeGivenBy, messagesOf } from '../model/errors.ts';
import {
  type PostureCheck,
  type PostureCheckRecord,
  type PostureContract,
  type PostureProject,
  type PostureRecord,
  postureRecordSchema,
} from '../model/posture.ts';
import { redactRecord, Secrets } from '../model/secrets.ts';
import type { Capability } from '../model/service.ts';
import type { Step } from '../model/step.ts';
import type { Target } from '../model/target.ts';
import { haltedBy } from '../verdict/halts.ts';
import { judgeCheck, worst } from '../verdict/posture.ts';
import { applyPlatform, lackingAddresses } from './apply.ts';

export interface PostureRunOptions {
  readonly target: Target;
  readonly project: PostureProject;
  /** Why the target lacks parts that the posture needs, where known. */
  readonly missing?: ReadonlyMap<Capability, string>;
  readonly scratchDir: string;
  /** Shared by all checks of the run; by default a new set. */
  readonly secrets?: Secrets;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
}

type KnowingOptions = PostureRunOptions & { readonly secrets: Secrets };

const CHECK_BUDGET_MS = 60_000;
const APPLY_BUDGET_MS = 180_000;

/**
 * Makes every check of a posture contract and judges it. First it installs the platform, if the contract says how. A check that cannot be
 * made is recorded as `unproven`, with the reason.
 */
export async function runPosture(contract: PostureContract, given: PostureRunOptions): Promise<PostureRecord> {
  const { clock, signal, secrets = new Secrets() } = given;
  const target = await tellingCredentials(given.target, secrets);
  const options = { ...given, target, secrets, progress: (text: string) => given.progress(secrets.redact(text)) };
  const at = clock.now().utc;
  const expectedChecks = contract.checks.map(({ name }) => name);
  const applied = await apply(contract, options);
  const beganMs = clock.monotonicMs();
  const checks = await Promise.all(
    contract.checks.map((check) => makeCheck(check, applied.failure, { ...options, contract })),
  );
  signal.throwIfAborted();
  const record: PostureRecord = {
    contract: {
      name: contract.name,
      owner: contract.owner,
      controls: [...contract.controls],
      ...(contract.cadenceMs === undefined ? {} : { cadenceMs: contract.cadenceMs }),
      ...(contract.audit === undefined ? {} : { audit: contract.audit }),
    },
    appliedBy: contract.appliedBy ?? null,
    at,
    durationMs: clock.monotonicMs() - beganMs,
    applyMs: applied.durationMs,
    checks,
    expectedChecks,
    verdict: worst(checks.map(({ verdict }) => verdict)),
  };
  return redactRecord(postureRecordSchema, record, secrets);
}

interface Applied {
  readonly durationMs: number | null;
  readonly failure: Pick<PostureCheckRecord, 'failure' | 'failureCause'> | undefined;
}

async function apply(contract: PostureContract, options: KnowingOptions): Promise<Applied> {
  const { appliedBy } = contract;
  if (appliedBy === undefined) return { durationMs: null, failure: undefined };
  const { clock, signal, target, progress } = options;
  progress(`${contract.name}: ${appliedBy} puts the platform in place`);
  const beganMs = clock.monotonicMs();
  let failure: Applied['failure'];
  try {
    await withinBudget(appliedBy, APPLY_BUDGET_MS, { clock, signal }, (budgeted) =>
      applyPlatform(appliedBy, { target, step: stepOf(options, budgeted) }),
    );
  } catch (error) {
    signal.throwIfAborted();
    failure = await applyFailure(appliedBy, contract, error, target);
  }
  return { durationMs: clock.monotonicMs() - beganMs, failure };
}

async function applyFailure(
  script: string,
  { needs }: PostureContract,
  error: unknown,
  target: Target,
): Promise<Applied['failure']> {
  const messages = messagesOf(error);
  const nextStep = (lacking: string) => `add \`needs: ${lacking}\` to the posture`;
  const lacking = await lackingAddresses({ script, message: messages.join('\n'), asked: needs, nextStep }, target);
  return {
    failure: ['the platform could not be put in place', ...messages, ...(lacking === undefined ? [] : [lacking.said])],
    ...(lacking?.isCertain === true ? { failureCause: 'contract-mistake' } : {}),
  };
}

async function makeCheck(
  check: PostureCheck,
  applied: Applied['failure'],
  options: KnowingOptions & { readonly contract: PostureContract },
): Promise<PostureCheckRecord> {
  const { clock, signal, target, project, contract } = options;
  const { name, promise, about, condition, budgetMs = CHECK_BUDGET_MS } = check;
  const definition = contract.definitions?.get(name);
  const beganMs = clock.monotonicMs();
  const finished = (
    outcome: Pick<PostureCheckRecord, 'observation' | 'failure' | 'failureCause'>,
  ): PostureCheckRecord => {
    const judged = judgeCheck({ promise, ...outcome });
    return {
      name,
      promise,
      ...(definition === undefined ? {} : { definition }),
      ...(about === undefined ? {} : { about: [...about] }),
      ...(condition === undefined ? {} : { condition }),
      durationMs: clock.monotonicMs() - beganMs,
      ...outcome,
      ...judged,
      ...haltedBy(check, judged.verdict, contract.owner, judged.cause),
    };
  };
  if (applied !== undefined) return finished({ observation: null, ...applied });
  const lacking = check.needs.filter((need) => !target.capabilities.includes(need));
  if (lacking.length > 0) {
    const reasons = lacking.flatMap((need) => options.missing?.get(need) ?? []);
    const failure = [
      `it needs ${lacking.join(' and ')}, which the target "${target.name}" does not have`,
      ...new Set(reasons),
    ];
    return finished({ observation: null, failure });
  }
  try {
    const observation = await withinBudget(`check ${name}`, budgetMs, { clock, signal }, (budgeted) =>
      check.observe({ target, project, step: stepOf(options, budgeted) }),
    );
    options.progress(`${contract.name}: ${name} done`);
    return finished({ observation, failure: null });
  } catch (error) {
    signal.throwIfAborted();
    return finished({ observation: null, failure: messagesOf(error), failureCause: causeGivenBy(error) });
  }
}

const stepOf = ({ clock, scratchDir, secrets, progress }: KnowingOptions, signal: AbortSignal): Step => ({
  clock,
  signal,
  scratchDir,
  secrets,
  progress,
});
