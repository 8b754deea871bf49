import type { Cause } from '../../model/causes.ts';
import type { Comparison } from '../../model/comparison.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { PostureDifference, UndecidedItem } from '../../model/posture.ts';
import { formatDuration } from '../../model/units.ts';
import type { AccessKey } from '../../systems/iam/access-keys.ts';

/** A user whose keys are to be rotated, as found. */
export interface KeyHolder {
  readonly user: string;
  /** Undefined if the user does not exist. */
  readonly keys: readonly AccessKey[] | undefined;
  /** User of one of its keys: a live Secret, if the contract names one. */
  readonly usedBy?: { readonly item: string; readonly keyId: string | undefined };
}

export interface KeyAgesQuestion {
  readonly holders: readonly KeyHolder[];
  readonly withinMs: number;
  /** This machine's wall clock. */
  readonly nowMs: number;
  /** Clock of the service that made the keys; undefined if it sends no date. */
  readonly serverMs: number | undefined;
}

/** Clocks kept by NTP differ by less than a second; an answer on a busy machine takes longer. */
const CLOCKS_APART_MS = 2 * 60_000;

/**
 * Compares the age of every accepted key with the policy.
 * @throws {ExplainedError} if the clock of this machine or of the service is minutes off, so that ages are unknown.
 */
export function compareKeyAges(question: KeyAgesQuestion): Comparison {
  const { holders, withinMs, nowMs, serverMs } = question;
  requireClocks(question);
  const differences: PostureDifference[] = [];
  const undecided: UndecidedItem[] = [];
  const evidence: Record<string, string> = {};
  let compared = 0;
  const unknown = (item: string, reason: string, cause: Cause = 'credential-age-unknown') => {
    compared += 1;
    undecided.push({ item, reason, cause });
  };
  for (const { user, keys, usedBy } of holders) {
    const item = `IAM user ${user}`;
    if (keys === undefined) {
      unknown(
        item,
        'there is none of that name. Correct the name in the contract, or make the user',
        'contract-mistake',
      );
      continue;
    }
    const active = keys.filter(({ isActive }) => isActive);
    if (active.length === 0 && usedBy === undefined) unknown(item, 'it has no key that is accepted');
    for (const key of active) {
      const name = `key …${key.id.slice(-4)} of ${item}`;
      const madeMs = madeAtMs(key);
      if (typeof madeMs === 'string') {
        unknown(name, madeMs);
        continue;
      }
      const ageMs = Math.max(0, nowMs - madeMs);
      compared += 1;
      evidence[name] = `made ${key.createdAt}, ${formatDuration(ageMs)} ago`;
      if (ageMs <= withinMs) continue;
      differences.push({
        item: name,
        expected: `an age of ${formatDuration(withinMs)} at the most`,
        found: `${formatDuration(ageMs)} (made ${key.createdAt})`,
        nextStep: nextStepFor(key, keys, usedBy),
        cause: 'credential-too-old',
      });
    }
    if (usedBy !== undefined) compareUse(usedBy, { item, keys }, { unknown, differences });
  }
  return {
    of: 'credentials',
    compared,
    differences,
    undecided,
    evidence,
    notVerified: serverMs === undefined ? ['that the clock of the service is right: it sends no date'] : [],
  };
}

/** No key is older than this; an earlier time from a service means that it does not know. */
const FIRST_KEYS_MS = Date.parse('2006-01-01T00:00:00Z');

/** Returns the creation time of a key, or why it is unknown. */
function madeAtMs({ createdAt }: AccessKey): number | string {
  if (createdAt === undefined) return 'the service does not say when it was made';
  const madeMs = Date.parse(createdAt);
  if (Number.isNaN(madeMs)) return `the service says that it was made "${createdAt}", which is not a time`;
  return madeMs < FIRST_KEYS_MS
    ? `the service says that it was made ${createdAt}, when there were no keys yet`
    : madeMs;
}

function nextStepFor(key: AccessKey, keys: readonly AccessKey[], usedBy: KeyHolder['usedBy']): string {
  const used = keys.find(({ id }) => id === usedBy?.keyId);
  if (usedBy !== undefined && used !== undefined && used.id !== key.id) {
    return `${usedBy.item} uses another key: check that nothing else uses this one, disable it, and delete it.`;
  }
  return `Make a new key, put it into ${usedBy?.item ?? 'what uses it'}, check that it works, and delete this one.`;
}

/** Checks that the key in use is one whose age was read. */
function compareUse(
  { item, keyId }: NonNullable<KeyHolder['usedBy']>,
  holder: { readonly item: string; readonly keys: readonly AccessKey[] },
  found: { readonly unknown: (item: string, reason: string) => void; readonly differences: PostureDifference[] },
): void {
  if (keyId === undefined) {
    found.unknown(item, `it holds no access key id, so it is unknown which key of ${holder.item} it uses`);
    return;
  }
  const used = holder.keys.find(({ id }) => id === keyId);
  if (used === undefined) {
    found.unknown(item, `its key …${keyId.slice(-4)} does not belong to ${holder.item}, so its age cannot be read`);
  } else if (!used.isActive) {
    found.differences.push({
      item,
      expected: 'a key that is accepted',
      found: `key …${keyId.slice(-4)} of ${holder.item}, which is disabled`,
      nextStep: 'Put the key that replaced it into the Secret.',
      cause: 'rotation-failed',
    });
  }
}

function requireClocks({ holders, nowMs, serverMs }: KeyAgesQuestion): void {
  const apartMs = serverMs === undefined ? 0 : nowMs - serverMs;
  if (Math.abs(apartMs) > CLOCKS_APART_MS) {
    throw clockOff(
      `this machine shows ${iso(nowMs)} and the service ${iso(nowMs - apartMs)}, ${formatDuration(Math.abs(apartMs))} apart`,
    );
  }
  for (const { user, keys = [] } of holders) {
    for (const { id, createdAt = '', isActive } of keys) {
      if (!isActive) continue;
      const aheadMs = Date.parse(createdAt) - nowMs;
      if (aheadMs > CLOCKS_APART_MS) {
        throw clockOff(
          `key …${id.slice(-4)} of IAM user ${user} was made ${formatDuration(aheadMs)} from now (${createdAt}; this machine shows ${iso(nowMs)})`,
        );
      }
    }
  }
}

const clockOff = (observed: string): ExplainedError =>
  new ExplainedError({
    thing: 'clock',
    expected: `this machine and the service that makes keys to be at most ${formatDuration(CLOCKS_APART_MS)} apart`,
    observed,
    nextStep: 'Set the clock that is wrong (timedatectl shows whether NTP keeps it), and check again.',
    cause: 'clock-off',
  });

const iso = (ms: number): string => new Date(ms).toISOString();
