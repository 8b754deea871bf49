import { paginateListUsers } from '@aws-sdk/client-iam';
import { iamClient } from '../../clients/iam.ts';
import { readAccessKeys } from '../../systems/iam/access-keys.ts';
import type { EnforcingStore } from '../../systems/s3/service.ts';

/** A key that a store accepts, whoever may use it. */
export interface ActiveKey {
  readonly id: string;
  readonly user: string;
}

/** Every key of every user that the store accepts, without those of its administrator. */
export async function activeKeys({ s3 }: EnforcingStore, abortSignal: AbortSignal): Promise<readonly ActiveKey[]> {
  const client = iamClient(s3);
  const users: string[] = [];
  try {
    for await (const { Users = [] } of paginateListUsers({ client }, {}, { abortSignal })) {
      users.push(...Users.flatMap(({ UserName }) => UserName ?? []));
    }
  } finally {
    client.destroy();
  }
  const found: ActiveKey[] = [];
  for (const user of users) {
    const { keys = [] } = (await readAccessKeys(s3, user, abortSignal)) ?? {};
    found.push(...keys.filter(({ id, isActive }) => isActive && id !== s3.accessKeyId).map(({ id }) => ({ id, user })));
  }
  return found;
}
