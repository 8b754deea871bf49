import { z } from 'zod';
import { ExplainedError, isNotThoughtOf, summaryOf } from '../../model/errors.ts';
import type { S3Place } from '../s3/service.ts';

/** A key of a live user; its secret is never to be had again. */
export interface AccessKey {
  readonly id: string;
  readonly isActive: boolean;
  /** ISO time of its making; undefined where the service does not say. */
  readonly createdAt: string | undefined;
}

export interface AccessKeys {
  readonly keys: readonly AccessKey[];
  /** What the service's clock showed with its answer; undefined where it sends no date. */
  readonly serverMs: number | undefined;
}

const responseSchema = z.object({ headers: z.object({ date: z.string() }) });

/** The keys of a live IAM user. @returns nothing when there is no such user. */
export async function readAccessKeys(
  place: S3Place,
  UserName: string,
  abortSignal: AbortSignal,
): Promise<AccessKeys | undefined> {
  // Loaded when it is used: who only lists contracts does not wait for it.
  const [iam, { iamClient }] = await Promise.all([import('@aws-sdk/client-iam'), import('../../clients/iam.ts')]);
  const client = iamClient(place);
  let serverMs: number | undefined;
  client.middlewareStack.add(
    (next) => async (given) => {
      const answer = await next(given);
      const { data } = responseSchema.safeParse(answer.response);
      const ms = Date.parse(data?.headers.date ?? '');
      if (!Number.isNaN(ms)) serverMs = ms;
      return answer;
    },
    { step: 'deserialize', priority: 'high' },
  );
  try {
    // Some services list the keys of an unknown user as none.
    await client.send(new iam.GetUserCommand({ UserName }), { abortSignal });
    const keys: AccessKey[] = [];
    for await (const { AccessKeyMetadata = [] } of iam.paginateListAccessKeys(
      { client },
      { UserName },
      { abortSignal },
    )) {
      for (const { AccessKeyId, Status, CreateDate } of AccessKeyMetadata) {
        if (AccessKeyId === undefined) continue;
        keys.push({ id: AccessKeyId, isActive: Status !== 'Inactive', createdAt: isoOf(CreateDate) });
      }
    }
    return { keys, serverMs };
  } catch (error) {
    if (error instanceof iam.NoSuchEntityException) return undefined;
    if (isNotThoughtOf(error)) throw unreadable(UserName, error);
    throw error;
  } finally {
    client.destroy();
  }
}

/** A client reads what is no time at all as a date that is none. */
const isoOf = (date: Date | undefined): string | undefined =>
  date === undefined || Number.isNaN(date.getTime()) ? undefined : date.toISOString();

const unreadable = (user: string, error: unknown): ExplainedError =>
  new ExplainedError(
    {
      thing: `keys of IAM user ${user}`,
      expected: 'a list with the time at which each was made, as IAM writes it (2026-01-31T08:00:00Z)',
      observed: `the answer cannot be read: ${summaryOf(error)}`,
      nextStep: 'Find out what answers in the place of IAM, and how it writes times.',
      cause: 'credential-age-unknown',
    },
    { cause: error },
  );
