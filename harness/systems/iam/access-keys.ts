import { z } from 'zod';
import { ExplainedError, isNotThoughtOf, summaryOf } from '../../model/errors.ts';
import type { S3Place } from '../s3/service.ts';

/** A key of a live user. Its secret cannot be read again. */
export interface AccessKey {
  readonly id: string;
  readonly isActive: boolean;
  /** ISO time of creation; undefined if the service does not state it. */
  readonly createdAt: string | undefined;
}

export interface AccessKeys {
  readonly keys: readonly AccessKey[];
  /** Time of the service's clock when it answered; undefined if it sends no date. */
  readonly serverMs: number | undefined;
}

const responseSchema = z.object({ headers: z.object({ date: z.string() }) });

/** Reads the keys of a live IAM user. @returns undefined if the user does not exist. */
export async function readAccessKeys(
  place: S3Place,
  UserName: string,
  abortSignal: AbortSignal,
): Promise<AccessKeys | undefined> {
  // Loaded on first use, so listing contracts does not wait for it.
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
    // Some services answer for an unknown user with an empty list of keys.
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

/** The client parses an invalid time as an invalid date. */
const isoOf = (date: Date | undefined): string | undefined =>
  date === undefined || Number.isNaN(date.getTime()) ? undefined : date.toISOString();

const unreadable = (user: string, error: unknown): ExplainedError =>
  new ExplainedError(
    {
      thing: `keys of IAM user ${user}`,
      expected: 'a list with the time at which each was made, as IAM writes it (2026-01-31T08:00:00Z)',
      observed: `the answer cannot be read: ${summaryOf(error)}`,
      nextStep: 'Check which server answers in place of IAM, and how it writes times.',
      cause: 'credential-age-unknown',
    },
    { cause: error },
  );
