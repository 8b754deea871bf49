import { setImmediate } from 'node:timers/promises';
import type { Comparison } from '../../model/comparison.ts';
import type { UndecidedItem } from '../../model/posture.ts';
import { type Access, AccessDecider, type Context } from './access.ts';
import { type Caller, callerNamed } from './facts.ts';
import { instancesOf } from './patterns.ts';
import { type Statement, statementsOf, variablesIn } from './policy-document.ts';
import {
  bucketArn,
  type CatalogueAction,
  keysOf,
  objectArn,
  type RequestMaterial,
  type WriterScope,
} from './requests.ts';
import { loadPolicySimulator } from './simulator.ts';
import { statementAbout, type WriterDifference } from './writer-needs.ts';
import { refused } from './writer-policy.ts';
import { inOrder } from './writer-requests.ts';

export interface TransportQuestion {
  /** Name of the policy in messages. */
  readonly name: string;
  readonly document: unknown;
  readonly bucket: string;
  /** Prefix of the backups. */
  readonly prefix: string;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** Actions of backups and restores on a bucket. A policy that denies others, such as deletion, protects the backups. */
const WORK = new Set([
  's3:PutObject',
  's3:GetObject',
  's3:ListBucket',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
]);

const OVER_HTTP = { 'aws:SecureTransport': 'false', 's3:TlsVersion': undefined };
const OVER_TLS = { 'aws:SecureTransport': 'true' };

/**
 * Checks that a bucket's own policy refuses every unencrypted and every unsigned request, wherever in the bucket and whatever else the
 * request carries, and admits the requests of a backup.
 */
export async function decideTransportPolicy(question: TransportQuestion): Promise<Comparison> {
  const { name, document, bucket, prefix, signal } = question;
  const simulator = await loadPolicySimulator();
  const problems = simulator.problemsOf('resource', document);
  if (problems.length > 0) return refused(name, problems);
  const statements = statementsOf(document);
  const partition = partitionOf(statements);
  const deciderFor = (caller: Caller | 'anonymous') =>
    new AccessDecider({ simulator, statements, caller, nowMs: question.now.getTime(), isOfResource: true });
  const callers = signersIn(statements, partition).map(deciderFor);
  const nobody = deciderFor('anonymous');
  const scope: WriterScope = { bucket, prefix, may: [] };
  const material: RequestMaterial = { scopes: [scope], statements, variables: {}, partition };
  const inBucket = keysOf(material);
  const check = new TransportCheck(name);
  for (const entry of await simulator.catalogue('s3')) {
    // Gives timers and signals their turn.
    await setImmediate();
    signal.throwIfAborted();
    for (const { resource, isBackup } of resourcesOf(entry, bucket, prefix, partition, inBucket)) {
      check.plainHttp(
        entry,
        resource,
        callers.map((caller) => caller.decide({ entry, resource, fixed: OVER_HTTP }, true)),
      );
      check.unsigned(entry, resource, nobody.decide({ entry, resource, fixed: OVER_TLS }));
      if (isBackup && WORK.has(entry.action)) {
        check.signed(
          entry,
          resource,
          callers.map((caller) => caller.decide({ entry, resource, fixed: OVER_TLS }, true)),
        );
      }
    }
  }
  return {
    of: 'requests',
    compared: check.compared,
    differences: inOrder(check.differences),
    undecided: [...check.undecided.values()],
    evidence: { policy: name },
    notVerified: [...check.dependsOn, 'access control lists, access points and the public access block of the account'],
  };
}

class TransportCheck {
  compared = 0;
  readonly differences: WriterDifference[] = [];
  readonly undecided = new Map<string, UndecidedItem>();
  readonly dependsOn = new Set<string>();
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** A Deny must match it for every caller, because another policy may allow it. */
  plainHttp(entry: CatalogueAction, resource: string, said: readonly Access[]): void {
    if (this.#isUnknown(said)) return;
    const through = said.find(({ notForbidden }) => notForbidden !== undefined);
    if (through?.notForbidden === undefined) return;
    this.differences.push({
      item: `${entry.action} on ${resource} over plain HTTP${whenOf(through.notForbidden)}`,
      expected: 'denied by an explicit Deny',
      found: 'allowed',
      nextStep: `Deny s3:* on the bucket and on everything in it in ${this.#name} when aws:SecureTransport is false, for every principal.`,
      cause: 'bucket-policy-allows-plain-http',
      isExcess: true,
      isReading: entry.isReading,
      by: 'no Deny of plain HTTP',
    });
  }

  unsigned(entry: CatalogueAction, resource: string, said: Access): void {
    if (this.#isUnknown([said])) return;
    const [first] = said.allowed;
    if (first === undefined) return;
    const by = first.by[0]?.name ?? 'a statement';
    this.differences.push({
      item: `${entry.action} on ${resource} over TLS, unsigned${whenOf(first.context)}`,
      expected: 'denied',
      found: 'allowed',
      nextStep: `Name a principal in ${by} of ${this.#name} instead of everybody.`,
      cause: 'bucket-policy-is-public',
      isExcess: true,
      isReading: entry.isReading,
      by,
    });
  }

  /** Some caller must be able to do it, with any headers and origin that the policy requires. */
  signed(entry: CatalogueAction, resource: string, said: readonly Access[]): void {
    if (this.#isUnknown(said)) return;
    const [easiest] = said
      .flatMap(({ allowed }) => allowed)
      .toSorted((one, other) => Object.keys(one.context).length - Object.keys(other.context).length);
    const denying = said.flatMap(({ deniedBy }) => deniedBy);
    const by = denying[0]?.name ?? 'a statement';
    if (easiest === undefined) {
      this.differences.push({
        item: `${entry.action} on ${resource} over TLS`,
        expected: 'allowed',
        found: 'denied by an explicit Deny',
        nextStep: `Change ${by} of ${this.#name} so that it allows the requests of backups and restores.`,
        cause: 'bucket-policy-blocks-backups',
        isExcess: false,
        isReading: entry.isReading,
        by,
      });
      return;
    }
    for (const [key, value] of Object.entries(easiest.context)) {
      if (!OF_EVERYBODY.test(key))
        this.dependsOn.add(
          `that backups carry ${key} = ${String(value)}, as ${statementAbout(key, denying) ?? 'the policy'} asks`,
        );
    }
  }

  #isUnknown(said: readonly Access[]): boolean {
    this.compared += 1;
    for (const { name } of said.flatMap(({ undecided }) => undecided)) {
      const item = `${name} of ${this.#name}`;
      this.undecided.set(item, {
        item,
        reason: 'it has more conditions than can be tried',
        cause: 'statement-undecided',
      });
    }
    return said.some(({ undecided }) => undecided.length > 0);
  }
}

function* resourcesOf(
  entry: CatalogueAction,
  bucket: string,
  prefix: string,
  partition: string,
  keys: readonly string[],
): Generator<{ readonly resource: string; readonly isBackup: boolean }> {
  for (const { type } of entry.resources) {
    if (type === 'bucket') yield { resource: bucketArn(bucket, partition), isBackup: true };
    if (type !== 'object') continue;
    for (const key of keys) {
      yield { resource: objectArn(bucket, key, partition), isBackup: key === `${prefix}backup.tar` };
    }
  }
}

/** Returns a sample caller of the account, and each caller that the policy names. */
function signersIn(statements: readonly Statement[], partition: string): readonly Caller[] {
  const texts = statements.flatMap(({ resources, conditions }) => [
    ...resources,
    ...conditions.flatMap(({ values }) => values),
  ]);
  const sample = callerNamed('writer', { kind: 'user', name: undefined }, partition, variablesIn(texts));
  const named = statements
    .flatMap(({ principals }) => principals)
    .filter((each) => /^arn:[^:]*:(iam|sts)::/.test(each));
  return [
    sample,
    ...[...new Set(named.flatMap((each) => instancesOf(each, {})))].map((arn) => ({ ...sample, arn, isKnown: true })),
  ];
}

function partitionOf(statements: readonly Statement[]): string {
  return (
    statements.flatMap(({ resources }) =>
      resources.flatMap((each) => /^arn:([a-z][a-z-]*):/.exec(each)?.[1] ?? []),
    )[0] ?? 'aws'
  );
}

const OF_EVERYBODY = /^aws:(securetransport|currenttime|epochtime)$/i;

function whenOf(context: Context): string {
  const told = Object.entries(context).filter(([key]) => !OF_EVERYBODY.test(key));
  return told.length === 0 ? '' : ` when ${told.map(([key, value]) => `${key} is ${String(value)}`).join(' and ')}`;
}
