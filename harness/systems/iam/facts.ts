import { isTimeKey, type KeyValue, timeMsOf } from './condition-values.ts';
import { isLike, SAMPLE } from './patterns.ts';
import type { Condition } from './policy-document.ts';

/** Fixed facts of a request: its caller and its time. */
export interface Caller {
  readonly arn: string;
  /** True if the contract names the caller; otherwise anyone may have the policy. */
  readonly isKnown: boolean;
  /** Values of the caller's condition keys and policy variables, by their names in lower case. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Values that S3 accepts; a test compares them with the enumerations of its SDK. */
const SERVER_SIDE_ENCRYPTIONS: readonly string[] = ['AES256', 'aws:kms', 'aws:kms:dsse', 'aws:fsx', 'aws:backup'];
const STORAGE_CLASSES: readonly string[] = [
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

/** Owner of the policy, as the contract names it. */
export interface Writer {
  readonly kind: 'user' | 'role';
  /** Undefined if the check reads only a document. */
  readonly name: string | undefined;
}

/**
 * Returns the writer as its own requests would show it under that name. Requests of a role have no `aws:username`.
 * @param variables policy variables of the documents under test; those that depend on the caller get the name as their value.
 */
export function callerNamed(
  name: string,
  writer: Writer,
  partition: string,
  variables: readonly string[],
  { tag = name, account = SAMPLE_ACCOUNT }: { readonly tag?: string; readonly account?: string } = {},
): Caller {
  const arn = `arn:${partition}:iam::${account}:${writer.kind}/${name}`;
  const facts: Record<string, string> = { 'aws:principalaccount': account, 'aws:principalorgid': 'o-sample12345' };
  for (const variable of variables.map((each) => each.toLowerCase())) {
    // Tags and similar variables have unknown values; the check looks for one that makes the policy useful.
    if (TAG_LIKE.test(variable)) facts[variable] = tag;
    // The other variables have the same text as the resources that are tried.
    else if (!HAS_ITS_OWN_VALUE.test(variable)) facts[variable] ??= SAMPLE;
  }
  const known =
    writer.kind === 'user'
      ? { 'aws:username': name, 'aws:userid': 'AIDASAMPLESAMPLE1234', 'aws:principaltype': 'User' }
      : { 'aws:userid': `AROASAMPLESAMPLE1234:${name}`, 'aws:principaltype': 'AssumedRole' };
  return { arn, isKnown: writer.name !== undefined, facts: { ...facts, ...known } };
}

/** Variables whose values a policy alone does not reveal. */
export const TAG_LIKE = /^(aws:(principaltag|requesttag)\/|(saml|cognito|sts|[^:]*oidc[^:]*):)/i;
/** Variables with an own value for each request or caller. */
const HAS_ITS_OWN_VALUE =
  /^(aws:(currenttime|epochtime|securetransport|requestedregion|username|userid|principaltype|principalarn)$|s3:(?!dataaccess))/;

/**
 * Returns all values that a request of a user or role can carry under a lower-case key
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
 */
const POSSIBLE_VALUES: ReadonlyMap<string, readonly string[]> = new Map([
  ['aws:principalisawsservice', ['false']],
  ['aws:securetransport', ['true', 'false']],
  // False only for the parts of an upload: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
  ['s3:objectcreationoperation', ['true', 'false']],
  ['s3:tlsversion', ['1.3', '1.2', '1.1', '1.0']],
  ['s3:x-amz-server-side-encryption', SERVER_SIDE_ENCRYPTIONS],
  ['s3:x-amz-storage-class', STORAGE_CLASSES],
]);
export const possibleValues = (key: string): readonly string[] => POSSIBLE_VALUES.get(key.toLowerCase()) ?? [];

/** Keys that only signed requests carry. */
const OF_THE_CALLER =
  /^aws:(principal|username|userid|federatedprovider|multifactorauth|source(identity|account|arn|org)|tokenissuetime|calledvia|via)/i;

/**
 * Returns whether a request could carry that value of a key. A policy cannot change facts about the caller and the time. A later time is
 * possible, because policies last.
 */
export function isPossible(key: string, value: KeyValue, caller: Caller | 'anonymous', nowMs: number): boolean {
  const name = key.toLowerCase();
  if (isTimeKey(name)) {
    const ms = timeMsOf(value);
    return ms !== undefined && ms >= Math.floor(nowMs / 1_000) * 1_000;
  }
  const possible = POSSIBLE_VALUES.get(name);
  // Every request carries one.
  if (/^(aws:securetransport|s3:objectcreationoperation)$/.test(name) && value === undefined) return false;
  if (possible !== undefined && value !== undefined) {
    return (typeof value === 'string' ? [value] : value).every((each) => possible.includes(each));
  }
  if (caller === 'anonymous') return !OF_THE_CALLER.test(name) || value === undefined;
  // A tag behind a variable makes the policy useful; other owners of the policy may have other tags.
  if (/^aws:principaltag\//.test(name) && caller.facts[name] !== undefined) return value === caller.facts[name];
  if (name === 'aws:username' || name === 'aws:principaltype') {
    return caller.isKnown ? value === caller.facts[name] : value !== undefined;
  }
  if (name === 'aws:principalarn') {
    if (typeof value !== 'string') return false;
    if (!caller.isKnown) return true;
    // An ARN also contains the path of the user or role: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    const [kind = '', name = ''] = (caller.arn.split(':').at(-1) ?? '').split('/');
    const said = value.split(':').slice(5).join(':').split('/');
    return said[0] === kind && said.at(-1) === name;
  }
  return true;
}

/** Returns why a job would not make a request with that value of a key; undefined if it might. */
export function hindersJob(key: string, value: KeyValue): string | undefined {
  return HINDRANCES.find(({ isIn }) => isIn(key.toLowerCase(), value))?.why;
}

const UNATTENDED = 'an unattended job may not fulfil that';
const HINDRANCES: readonly {
  /** @param key in lower case. */
  readonly isIn: (key: string, value: KeyValue) => boolean;
  readonly why: string;
}[] = [
  // A person types the code.
  {
    isIn: (key, value) => key.startsWith('aws:multifactorauth') && value !== undefined && value !== 'false',
    why: UNATTENDED,
  },
  // An AWS service, such as Athena, makes the request for the caller. A job makes its requests itself; a thief may use a service.
  {
    isIn: (key, value) =>
      (key === 'aws:viaawsservice' && value === 'true') || (key.startsWith('aws:calledvia') && value !== undefined),
    why: UNATTENDED,
  },
  { isIn: (key, value) => key === 'aws:securetransport' && value === 'false', why: UNATTENDED },
  {
    isIn: (key, value) => key === 's3:objectcreationoperation' && value === 'false',
    why: 'that is a part of an upload, and the request that makes the object is not allowed',
  },
  {
    isIn: (key, value) => /^s3:x-amz-(copy-source|metadata-directive)$/.test(key) && value !== undefined,
    why: 'only a copy of another object carries that, and it is unknown whether the job copies',
  },
  {
    isIn: (key, value) => key === 'aws:requestedregion' && value !== undefined && !isRegion(value),
    why: 'no region of that name is known',
  },
];

/** Values that S3 accepts; a test compares them with the enumeration of its SDK, which lacks the first. */
export const REGIONS = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'us-gov-east-1',
  'us-gov-west-1',
  'af-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-south-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-central-1',
  'ca-west-1',
  'cn-north-1',
  'cn-northwest-1',
  'eu-central-1',
  'eu-central-2',
  'eu-north-1',
  'eu-south-1',
  'eu-south-2',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'mx-central-1',
  'sa-east-1',
] as const;

/** Returns the first region that matches each pattern or different spelling in a condition. */
export function regionsToTry(conditions: readonly Condition[]): readonly string[] {
  return conditions
    .flatMap(({ values }) => values)
    .flatMap((value) => REGIONS.find((region) => isLike(region, value.toLowerCase())) ?? []);
}

const isRegion = (value: string | readonly string[]): boolean =>
  (typeof value === 'string' ? [value] : value).every((each) => REGIONS.some((region) => region === each));

/**
 * Returns the further right that an upload needs for its content
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html).
 */
export function rightFor(action: string, key: string, value: KeyValue): string | undefined {
  if (action !== 's3:PutObject' || value === undefined) return undefined;
  return RIGHTS_FOR.find(([carried]) => carried.test(key))?.[1];
}

const RIGHTS_FOR: readonly (readonly [carried: RegExp, right: string])[] = [
  [/^s3:requestobjecttag(keys$|\/)/i, 's3:PutObjectTagging'],
  [/^s3:x-amz-(acl$|grant-)/i, 's3:PutObjectAcl'],
  [/^s3:object-lock-(mode|retain-until-date|remaining-retention-days)$/i, 's3:PutObjectRetention'],
  [/^s3:object-lock-legal-hold$/i, 's3:PutObjectLegalHold'],
];
