import { isTimeKey, type KeyValue, timeMsOf } from './condition-values.ts';

/** What cannot be chosen in a request: who makes it, and when. */
export interface Caller {
  readonly arn: string;
  /** Given by the contract; without it the policy may be anybody's. */
  readonly isKnown: boolean;
  /** Values of the condition keys and policy variables that go with the caller, by their names in small letters. */
  readonly facts: Readonly<Record<string, string>>;
}

/** As S3 knows them; a test compares them with the enumerations of its SDK. */
export const SERVER_SIDE_ENCRYPTIONS: readonly string[] = [
  'AES256',
  'aws:kms',
  'aws:kms:dsse',
  'aws:fsx',
  'aws:backup',
];
export const STORAGE_CLASSES: readonly string[] = [
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
  'REDUCED_REDUNDANCY',
  'OUTPOSTS',
  'SNOW',
  'EXPRESS_ONEZONE',
  'FSX_OPENZFS',
  'FSX_ONTAP',
  'AWS_BACKUP_WARM',
  'AWS_BACKUP_LOW_COST_WARM',
];

export const SAMPLE_ACCOUNT = '123456789012';

/** Whose policy it is, as far as the contract says. */
export interface Writer {
  readonly kind: 'user' | 'role';
  /** Undefined when only a document is looked at. */
  readonly name: string | undefined;
}

/**
 * The writer as its own requests show it, if it had that name. There is no `aws:username` in the requests of a role.
 * @param variables policy variables of the documents under test; those that depend on the caller get the name as their value.
 */
export function callerNamed(name: string, writer: Writer, partition: string, variables: readonly string[]): Caller {
  const arn = `arn:${partition}:iam::${SAMPLE_ACCOUNT}:${writer.kind}/${name}`;
  const facts: Record<string, string> = {};
  // Tags and the like: their values are unknown, and one that makes the policy useful is looked for.
  for (const variable of variables.map((each) => each.toLowerCase())) {
    if (/^aws:(principaltag\/|requesttag\/)/.test(variable) || /^(saml|cognito|sts|[^:]*oidc[^:]*):/.test(variable)) {
      facts[variable] = name;
    }
  }
  const known =
    writer.kind === 'user'
      ? { 'aws:username': name, 'aws:userid': 'AIDASAMPLESAMPLE1234', 'aws:principaltype': 'User' }
      : { 'aws:userid': `AROASAMPLESAMPLE1234:${name}`, 'aws:principaltype': 'AssumedRole' };
  return { arn, isKnown: writer.name !== undefined, facts: { ...facts, ...known } };
}

/**
 * All values that a request of a user or a role can carry under a key in small letters
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
 */
const POSSIBLE_VALUES: ReadonlyMap<string, readonly string[]> = new Map([
  ['aws:principalisawsservice', ['false']],
  ['s3:tlsversion', ['1.3', '1.2', '1.1', '1.0']],
  ['s3:x-amz-server-side-encryption', SERVER_SIDE_ENCRYPTIONS],
  ['s3:x-amz-storage-class', STORAGE_CLASSES],
]);
export const possibleValues = (key: string): readonly string[] => POSSIBLE_VALUES.get(key.toLowerCase()) ?? [];

/** Keys that only a signed request carries. */
const OF_THE_CALLER =
  /^aws:(principal|username|userid|federatedprovider|multifactorauth|source(identity|account|arn|org)|tokenissuetime|calledvia|via)/i;

/**
 * Whether a request could carry that value of a key: facts about the caller and the time are what they are, whatever a policy says.
 * A later time is possible, because a policy lasts.
 */
export function isPossible(key: string, value: KeyValue, caller: Caller | 'anonymous', nowMs: number): boolean {
  const name = key.toLowerCase();
  if (isTimeKey(name)) {
    const ms = timeMsOf(value);
    return ms !== undefined && ms >= Math.floor(nowMs / 1_000) * 1_000;
  }
  const possible = POSSIBLE_VALUES.get(name);
  if (possible !== undefined && value !== undefined) {
    return (typeof value === 'string' ? [value] : value).every((each) => possible.includes(each));
  }
  if (caller === 'anonymous') return !OF_THE_CALLER.test(name) || value === undefined;
  // A tag that a variable stands for is what makes the policy useful; whoever else has the policy may be called otherwise.
  if (/^aws:principaltag\//.test(name) && caller.facts[name] !== undefined) return value === caller.facts[name];
  if (name === 'aws:username' || name === 'aws:principaltype') {
    return caller.isKnown ? value === caller.facts[name] : value !== undefined;
  }
  if (name === 'aws:principalarn') {
    if (typeof value !== 'string') return false;
    return !caller.isKnown || value.endsWith(`:${caller.arn.split(':').at(-1)}`);
  }
  if (name === 'aws:securetransport') return value === 'true' || value === 'false';
  return true;
}

/** What an unattended job cannot have: somebody who types a code. */
const NEEDS_A_PERSON = /^aws:multifactorauth/i;

export const needsAPerson = (key: string, value: KeyValue): boolean =>
  NEEDS_A_PERSON.test(key) && value !== undefined && value !== 'false';

/** A service of AWS makes the request for the caller, such as Athena. A job makes its requests itself; a thief may use a service. */
export const needsAService = (key: string, value: KeyValue): boolean =>
  (/^aws:viaawsservice$/i.test(key) && value === 'true') || (/^aws:calledvia/i.test(key) && value !== undefined);
