import { z } from 'zod';
import { priorities } from '../../model/contract.ts';
import { ExplainedError } from '../../model/errors.ts';
import { optionsMistake } from '../../model/options-mistake.ts';
import { parseDurationMs } from '../../model/units.ts';
import type { WaiverLimits } from './waivers.ts';

const DAY_MS = 86_400_000;

const DURATION = { error: 'must be a duration such as 7d' };
const duration = z.string(DURATION).min(1, DURATION);
const key = z.string().trim().min(1);

const allowed = z.enum(['met', 'at-risk']);

const OFF = { error: 'must be "off" or an object of fields' };

const signOffSchema = z.union(
  [
    z.literal('off'),
    z.strictObject({
      /** Public keys of those who may sign a promise off. No key counts for a proof that it signed itself. */
      signedBy: z.array(key).min(1),
      /** How old the last sign-off may be. */
      maxAge: duration.default('90d'),
    }),
  ],
  OFF,
);

const ruleSchema = z.strictObject({
  /** Verdicts that may pass. `met` always may. */
  allow: z.array(allowed).min(1).optional(),
  /** How old the proof may be, e.g. `7d`. A contract that promises a shorter cadence is held to that. */
  maxAge: duration.optional(),
  /**
   * Which version must be proved. `unchanged`: this commit, or one since which the contract, its scripts and manifests are the same.
   * `this-commit`: this commit alone, with a clean work tree. `any`: any version.
   */
  provedAt: z.enum(['unchanged', 'this-commit', 'any']).optional(),
  /** The lowest target that proves enough: one of `targets`. Any target does when left out. */
  target: z.string().min(1).optional(),
  /** Public keys, of which one must have signed the proof. Overrides the `signedBy` of the whole policy. */
  signedBy: z.array(key).optional(),
  /** Who must have accepted a proof of it (`dr-contracts sign-off`). Overrides the `signOff` of the whole policy. */
  signOff: signOffSchema.optional(),
});

const regressionSchema = z.strictObject({
  /** How much slower than the median of comparable runs a drill may be, in percent. */
  relativePercent: z.number().positive().max(10_000).default(25),
  /** Smaller differences are ignored, regardless of the percentage. */
  absolute: duration.default('10s'),
  /** How many of the last comparable runs make the baseline. */
  runs: z.int().min(5).max(100).default(10),
  /** The day on which the baseline of a contract restarts: `{ 'nats-streams': '2026-11-01' }`. */
  since: z.record(z.string(), z.iso.date()).default({}),
});

const policySchema = z.strictObject({
  /** Rules for each priority. A missing field has its default. */
  priorities: z.partialRecord(z.enum(priorities), ruleSchema).default({}),
  /** The rule for posture contracts, which have no priority. `off` leaves them out of the decision. */
  posture: z.union([z.literal('off'), ruleSchema], OFF).default({}),
  /** Names of targets, the weakest first. A target that is not listed satisfies no minimum. */
  targets: z.array(z.string().min(1)).min(1).default(['local', 'docker']),
  /**
   * Public keys, of which one must have signed every proof: a path from the policy's folder (`keys/ledger.pub.pem`), or the PEM itself.
   * An empty list requires no signature.
   */
  signedBy: z.array(key).default([]),
  /** Who must have accepted a proof of every promise, with another key than the proof's. `off` requires no acceptance. */
  signOff: signOffSchema.default('off'),
  /** When a slower drill blocks. With `off`, it never does. */
  regression: z.union([z.literal('off'), regressionSchema], OFF).prefault({}),
  /** Limits on waivers. */
  waivers: z
    .strictObject({
      /** How far in the future a waiver may expire. */
      longest: duration.optional(),
      /** How many waivers there may be. */
      most: z.int().min(0).optional(),
    })
    .default({}),
});

/** The content of `dr-gate.ts`. Every field has a default. */
export type GatePolicyDefinition = z.input<typeof policySchema>;

/** Requirements for a proof. */
export interface GateRule {
  readonly allowsAtRisk: boolean;
  readonly maxAgeMs: number;
  readonly provedAt: 'unchanged' | 'this-commit' | 'any';
  /** Null if any target is enough. */
  readonly target: string | null;
  /** Keys as the policy names them, or their identities after reading; empty if no signature is required. */
  readonly signedBy: readonly string[];
  /** Null if no sign-off is required. */
  readonly signOff: SignOffRule | null;
}

/** Who must have accepted a proof, and the maximum age of the acceptance. */
interface SignOffRule {
  /** Keys as the policy names them, or their identities after reading. */
  readonly signedBy: readonly string[];
  readonly maxAgeMs: number;
}

export interface RegressionRule {
  readonly relativePercent: number;
  readonly absoluteMs: number;
  readonly runs: number;
  /** Days (`YYYY-MM-DD`) on which the baseline of a contract restarts. */
  readonly since: Readonly<Record<string, string>>;
}

/** A policy with its defaults. */
export interface GatePolicy {
  readonly priorities: Readonly<Record<string, GateRule>>;
  /** Null if the decision ignores posture contracts. */
  readonly posture: GateRule | null;
  /** The weakest first. */
  readonly targets: readonly string[];
  /** Null if a slower drill never blocks. */
  readonly regression: RegressionRule | null;
  readonly waivers: WaiverLimits;
}

/** Default maximum age of a proof: the more important the promise, the shorter. */
const MAX_AGE_MS: Readonly<Record<(typeof priorities)[number], number>> = {
  P0: 7 * DAY_MS,
  P1: 14 * DAY_MS,
  P2: 30 * DAY_MS,
  P3: 90 * DAY_MS,
  P4: 90 * DAY_MS,
};
const POSTURE_MAX_AGE_MS = 7 * DAY_MS;

/**
 * The policy of a gate, typed and checked: `export default gatePolicy({ … })` in `dr-gate.ts`.
 * @throws {ExplainedError} for an unknown or malformed field, by name.
 */
export function gatePolicy(policy: GatePolicyDefinition): GatePolicyDefinition {
  parsePolicy(policy, 'gatePolicy({ … })');
  return policy;
}

/** The policy with its defaults. @throws {ExplainedError} for an unknown or malformed field, by name. */
export function parsePolicy(policy: unknown, thing: string): GatePolicy {
  const parsed = policySchema.safeParse(policy);
  if (!parsed.success) {
    const mistake = { thing, schema: policySchema, options: policy, error: parsed.error, whole: 'the policy' };
    throw optionsMistake({ ...mistake, nextStep: allowsTooMuch(parsed.error) ? NEVER_ALLOWED : NEXT_STEP });
  }
  const { priorities: given, posture, targets, signedBy, signOff, regression, waivers } = parsed.data;
  const twice = targets.find((target, index) => targets.indexOf(target) !== index);
  if (twice !== undefined) throw wrong(`${thing}: targets`, 'each target once', `"${twice}" is listed twice`);
  const ruleOf = (rule: z.output<typeof ruleSchema>, maxAgeMs: number, at: string): GateRule => {
    const { allow = ['met', 'at-risk'], maxAge, provedAt = 'unchanged', target = null } = rule;
    if (target !== null && !targets.includes(target)) {
      throw wrong(`${thing}: ${at}.target`, `one of targets (${targets.join(', ')})`, `it is "${target}"`);
    }
    return {
      allowsAtRisk: allow.includes('at-risk'),
      maxAgeMs: maxAge === undefined ? maxAgeMs : parseDurationMs(maxAge, `${thing}: ${at}.maxAge`),
      provedAt,
      target,
      signedBy: rule.signedBy ?? signedBy,
      signOff: signOffRule(rule.signOff ?? signOff, `${thing}: ${at}.signOff`),
    };
  };
  return {
    priorities: Object.fromEntries(
      priorities.map((name) => [name, ruleOf(given[name] ?? {}, MAX_AGE_MS[name], `priorities.${name}`)]),
    ),
    posture: posture === 'off' ? null : ruleOf(posture, POSTURE_MAX_AGE_MS, 'posture'),
    targets,
    regression:
      regression === 'off'
        ? null
        : {
            relativePercent: regression.relativePercent,
            absoluteMs: parseDurationMs(regression.absolute, `${thing}: regression.absolute`, 'allowed'),
            runs: regression.runs,
            since: regression.since,
          },
    waivers: {
      longestMs: waivers.longest === undefined ? null : parseDurationMs(waivers.longest, `${thing}: waivers.longest`),
      most: waivers.most ?? null,
    },
  };
}

function signOffRule(written: z.output<typeof signOffSchema>, at: string): SignOffRule | null {
  if (written === 'off') return null;
  return { signedBy: written.signedBy, maxAgeMs: parseDurationMs(written.maxAge, `${at}.maxAge`) };
}

/** Every key that the policy names, each once. */
export const keysIn = ({ priorities: rules, posture }: GatePolicy): readonly string[] => [
  ...new Set(
    [...Object.values(rules), ...(posture === null ? [] : [posture])].flatMap(({ signedBy, signOff }) => [
      ...signedBy,
      ...(signOff?.signedBy ?? []),
    ]),
  ),
];

/** The policy with the identity of each key in the place of its name. */
export function withKeyIds(policy: GatePolicy, keyIds: ReadonlyMap<string, string>): GatePolicy {
  const idsOf = (names: readonly string[]) => names.map((name) => keyIds.get(name) ?? name);
  const resolved = ({ signOff, ...rule }: GateRule): GateRule => ({
    ...rule,
    signedBy: idsOf(rule.signedBy),
    signOff: signOff && { ...signOff, signedBy: idsOf(signOff.signedBy) },
  });
  return {
    ...policy,
    priorities: Object.fromEntries(Object.entries(policy.priorities).map(([name, rule]) => [name, resolved(rule)])),
    posture: policy.posture === null ? null : resolved(policy.posture),
  };
}

/** The policy of a project without a policy file. */
export const defaultPolicy = (): GatePolicy => parsePolicy({}, 'the default policy');

const NEVER_ALLOWED =
  'A policy cannot allow breached or unproven for a whole priority: write a waiver for the one contract.';

const allowsTooMuch = ({ issues: [first] }: z.ZodError): boolean =>
  first?.code === 'invalid_value' && first.path.includes('allow');

const NEXT_STEP = 'Correct it; docs/ci.md shows all fields.';

const wrong = (thing: string, expected: string, observed: string): ExplainedError =>
  new ExplainedError({ thing, expected, observed, nextStep: NEXT_STEP });
