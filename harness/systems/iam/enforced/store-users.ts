import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import {
  BucketAlreadyExists,
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { iamClient } from '../../../clients/iam.ts';
import type { Step } from '../../../model/step.ts';
import type { EnforcingStore } from '../../s3/service.ts';

export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Users, policies and keys in an enforcing store, made as its administrator. */
export class StoreUsers implements Disposable {
  readonly #client: IAMClient;
  readonly #store: EnforcingStore;
  readonly #step: Pick<Step, 'secrets' | 'signal'>;

  constructor(store: EnforcingStore, step: Pick<Step, 'secrets' | 'signal'>) {
    this.#client = iamClient(store.s3);
    this.#store = store;
    this.#step = step;
  }

  /** Adds a user with those policies attached, and returns its first key. */
  async add(UserName: string, documents: readonly unknown[]): Promise<KeyPair> {
    const options = { abortSignal: this.#step.signal };
    await this.#client.send(new CreateUserCommand({ UserName }), options);
    // Attached, not inline: SeaweedFS reduces inline policies to its own rights, without their conditions.
    for (const [index, document] of documents.entries()) {
      const made = await this.#client.send(
        new CreatePolicyCommand({ PolicyName: `${UserName}-${index}`, PolicyDocument: JSON.stringify(document) }),
        options,
      );
      await this.#client.send(new AttachUserPolicyCommand({ UserName, PolicyArn: made.Policy?.Arn }), options);
    }
    return await this.newKey(UserName);
  }

  async newKey(UserName: string): Promise<KeyPair> {
    const { AccessKey } = await this.#client.send(new CreateAccessKeyCommand({ UserName }), {
      abortSignal: this.#step.signal,
    });
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = AccessKey ?? {};
    if (accessKeyId === undefined || secretAccessKey === undefined) {
      throw new Error(`${this.#store.service} made a key for ${UserName} without an id or a secret`);
    }
    for (const value of [accessKeyId, secretAccessKey]) this.#step.secrets.add(value, `key of IAM user ${UserName}`);
    return { accessKeyId, secretAccessKey };
  }

  async endKey(UserName: string, { accessKeyId: AccessKeyId }: KeyPair): Promise<void> {
    await this.#client.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }), { abortSignal: this.#step.signal });
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }
}

/** Creates the bucket if it does not exist, and turns versioning on. */
export async function ensureBucket(admin: S3Client, Bucket: string, abortSignal: AbortSignal): Promise<void> {
  try {
    await admin.send(new CreateBucketCommand({ Bucket }), { abortSignal });
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou || error instanceof BucketAlreadyExists)) throw error;
  }
  await admin.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }), {
    abortSignal,
  });
}
