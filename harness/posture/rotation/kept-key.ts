import { mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Step } from '../../model/step.ts';
import type { KeyPair } from '../../systems/iam/enforced/store-users.ts';

/** File in its `WORK_DIR` in which a script of the platform leaves the new key. */
export const NEW_KEY_FILE = 'new-key';

const newKeySchema = z.object({ AWS_ACCESS_KEY_ID: z.string().min(1), AWS_SECRET_ACCESS_KEY: z.string().min(1) });

/** Content of the place where a key is kept. */
export type Left =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'key'; readonly key: KeyPair };

/**
 * Place from which every user of a key reads it: a file in a folder that the rotation shares with the harness. Until the rotation has left
 * a complete key there, the place holds the old one. Disposal removes the folder.
 */
export class KeptKey implements AsyncDisposable {
  /** The `WORK_DIR` of the rotation. */
  readonly folder: string;
  readonly #secrets: Step['secrets'];
  readonly #user: string;
  #last: KeyPair;

  private constructor(folder: string, old: KeyPair, user: string, secrets: Step['secrets']) {
    this.folder = folder;
    this.#last = old;
    this.#user = user;
    this.#secrets = secrets;
  }

  static async of(old: KeyPair, user: string, { scratchDir, secrets }: Pick<Step, 'scratchDir' | 'secrets'>) {
    return new KeptKey(await mkdtemp(join(await realpath(scratchDir), 'rotation-')), old, user, secrets);
  }

  /** Reads the key as a user of it would now. An incomplete file does not count. */
  async read(): Promise<KeyPair> {
    const left = await this.left();
    if (left.kind === 'key') this.#last = left.key;
    return this.#last;
  }

  async left(): Promise<Left> {
    const text = await this.#text();
    if (text === undefined) return { kind: 'nothing' };
    const values = Object.fromEntries(
      [...text.matchAll(/^([A-Z_]+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
    for (const value of Object.values(values)) this.#secrets.add(value, `new key of IAM user ${this.#user}`);
    const { success, data } = newKeySchema.safeParse(values);
    if (!success) return { kind: 'incomplete' };
    const key = { accessKeyId: data.AWS_ACCESS_KEY_ID, secretAccessKey: data.AWS_SECRET_ACCESS_KEY };
    return { kind: 'key', key };
  }

  /** Writes the key in one step, as a script of the platform would. */
  async put({ accessKeyId, secretAccessKey }: KeyPair): Promise<void> {
    const [path, next] = [join(this.folder, NEW_KEY_FILE), join(this.folder, `.${NEW_KEY_FILE}`)];
    await writeFile(next, `AWS_ACCESS_KEY_ID=${accessKeyId}\nAWS_SECRET_ACCESS_KEY=${secretAccessKey}\n`, {
      mode: 0o600,
    });
    await rename(next, path);
  }

  /** Does not follow a link out of the folder: the platform's script made it. */
  async #text(): Promise<string | undefined> {
    try {
      const path = await realpath(join(this.folder, NEW_KEY_FILE));
      return dirname(path) === this.folder ? await readFile(path, 'utf8') : undefined;
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR'))
        return undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export const isSameKey = (one: KeyPair, other: KeyPair): boolean =>
  one.accessKeyId === other.accessKeyId && one.secretAccessKey === other.secretAccessKey;
