import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PostureCheckRecord } from '../../model/posture.ts';
import type { Target } from '../../model/target.ts';
import { allow, bucketArn, listing, objects, policyOf, scope } from '../../systems/iam/testing/policies.ts';
import { enforcingStore } from '../../systems/s3/service.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { withChanged } from '../../testing/with-place.ts';
import { rotationRehearsed } from '../checks/rotation.ts';
import { ChecksOn, differencesOf, evidenceOf } from '../testing/on-target.ts';

const target = sharedTarget();
const { bucket, prefix } = scope;
let checks: ChecksOn;

beforeAll(async () => {
  checks = await ChecksOn.of(target);
  return async () => await checks[Symbol.asyncDispose]();
});

const document = (...statements: object[]) => `'${JSON.stringify(policyOf(...statements))}'`;
/** Parts of rotation scripts, as an operator would write them with `aws`. */
const OLD =
  'old="$(aws iam list-access-keys --user-name "$WRITER" --query "AccessKeyMetadata[].AccessKeyId" --output text)"';
const newKeyOf = (user: string) =>
  `read -r id secret < <(aws iam create-access-key --user-name "${user}" --query "AccessKey.[AccessKeyId,SecretAccessKey]" --output text)`;
const NEW = newKeyOf('$WRITER');
const HAND_OVER = `printf 'AWS_ACCESS_KEY_ID=%s\\nAWS_SECRET_ACCESS_KEY=%s\\n' "$id" "$secret" >"$WORK_DIR/new-key"`;
const SEE_IT_WORK =
  'AWS_ACCESS_KEY_ID="$id" AWS_SECRET_ACCESS_KEY="$secret" aws s3 ls "s3://$BACKUP_BUCKET/$BACKUP_PREFIX" >/dev/null';
const END_OLD = 'for each in $old; do aws iam delete-access-key --user-name "$WRITER" --access-key-id "$each"; done';
const DISABLE_OLD =
  'for each in $old; do aws iam update-access-key --user-name "$WRITER" --access-key-id "$each" --status Inactive; done';
const POLICY =
  'policy="$(aws iam list-attached-user-policies --user-name "$WRITER" --query "AttachedPolicies[0].PolicyArn" --output text)"';
const NEXT_USER = 'next="$WRITER-2"; aws iam create-user --user-name "$next" >/dev/null';
const ATTACH_TO_NEXT = 'aws iam attach-user-policy --user-name "$next" --policy-arn "$policy"';
const UPLOAD = 'echo "$RANDOM" | aws s3 cp --only-show-errors - "s3://$BACKUP_BUCKET/$BACKUP_PREFIX$(date +%s%N)"';

const rehearsed = async (
  lines: readonly string[],
  more: Partial<Parameters<typeof rotationRehearsed>[0]> = {},
): Promise<PostureCheckRecord> => {
  const user = await checks.userWith(policyOf(objects, listing));
  const rotatedBy = await checks.scriptOf(...lines);
  return await checks.record(rotationRehearsed({ user, bucket, prefix, rotatedBy, ...more }));
};
const itemsOf = (record: PostureCheckRecord) => differencesOf(record).map(({ item }) => item);

describe.skipIf(!target.offers(enforcingStore))('a rotation script of the platform', () => {
  const gap = 'requests of backups and restores during the rotation, with the key that is stored at that moment';

  it.each([
    [
      'hands the new key over when it works, ends the old one then, and names the new one',
      [OLD, NEW, SEE_IT_WORK, HAND_OVER, DISABLE_OLD, END_OLD, 'echo "made $id"'],
    ],
    [
      'gives a new user the same policy in another way',
      [
        OLD,
        NEXT_USER,
        `aws iam put-user-policy --user-name "$next" --policy-name own --policy-document ${document(objects, listing)}`,
        newKeyOf('$next'),
        SEE_IT_WORK,
        HAND_OVER,
        END_OLD,
      ],
    ],
  ])('is met where it %s', async (_, lines) => {
    const found = await rehearsed(lines, { backup: { script: await checks.scriptOf(UPLOAD) } });
    expect(found.sentence).toContain('14 steps of the rotation compared by trying on ');
    expect(found).toMatchObject({ verdict: 'met', condition: 'rotation' });
    expect(evidenceOf(found)['the rotation']).toMatch(/as expected: .*CreateAccessKey, .*DeleteAccessKey/);
  });

  it.each([
    [
      'ends the old key just before it hands the new one over',
      [OLD, NEW, SEE_IT_WORK, END_OLD, HAND_OVER],
      'the old key, which was still stored (403 InvalidAccessKeyId)',
    ],
    [
      'hands over a key that may do nothing yet',
      [OLD, POLICY, NEXT_USER, newKeyOf('$next'), HAND_OVER, END_OLD, 'sleep 2', ATTACH_TO_NEXT],
      'the new key, which was already stored (403 AccessDenied)',
    ],
  ])('leaves a gap where it %s', async (_, lines, seen) => {
    const found = await rehearsed(lines);
    expect(found).toMatchObject({ verdict: 'breached', cause: 'rotation-gap', halts: 'rotation' });
    expect(itemsOf(found)).toEqual([gap]);
    expect(found.sentence).toContain(seen);
    expect(found.sentence).toContain('put it where it is read. End the old one only then');
  });

  it('is met with a gap that the platform documents, and says so', async () => {
    const backup = { script: await checks.scriptOf(UPLOAD) };
    const found = await rehearsed([OLD, END_OLD, NEW, HAND_OVER], { pauseWithin: '1m', backup });
    expect(found.sentence).toMatch(/while backups and restores go on, but for a pause of at most 1m: 14 steps/);
    expect(found.verdict).toBe('met');
    expect(evidenceOf(found)[gap]).toMatch(/with a pause of /);
  });

  it('is breached with a longer gap than that', async () => {
    const found = await rehearsed([OLD, END_OLD, 'sleep 4', NEW, HAND_OVER], { pauseWithin: '2s' });
    expect(found).toMatchObject({ verdict: 'breached', cause: 'rotation-gap' });
    expect(found.sentence).toMatch(
      /expected to be accepted, except during a pause of at most 2 s, found .* refused for \d/,
    );
  });

  it('takes a backup for failed that does not get through with the key that is kept by then', async () => {
    const backup = { script: await checks.scriptOf('sleep 1', UPLOAD) };
    const found = await rehearsed([OLD, END_OLD, 'sleep 6', NEW, HAND_OVER], { backup });
    expect(itemsOf(found)).toEqual([gap, 'backups that run during the rotation']);
  });

  it('widens what the new key may do, and what anybody may do', async () => {
    const wider = document(
      allow('s3:DeleteObject', `${bucketArn}/nats/*`),
      allow('s3:GetObject', `${bucketArn}/velero/*`),
    );
    const open = document({ ...allow('s3:PutObject', `${bucketArn}/*`), Principal: '*' });
    const found = await rehearsed([
      OLD,
      NEW,
      SEE_IT_WORK,
      HAND_OVER,
      END_OLD,
      `aws iam put-user-policy --user-name "$WRITER" --policy-name more --policy-document ${wider}`,
      `aws s3api put-bucket-policy --bucket "$BACKUP_BUCKET" --policy ${open}`,
    ]);
    expect(found).toMatchObject({ verdict: 'breached', cause: 'policy-allows-too-much' });
    const [difference, ...others] = differencesOf(found);
    expect(others).toEqual([]);
    expect(difference).toMatchObject({ item: 'rights that only the new key has' });
    expect(difference?.found).toMatch(
      /^s3:PutObject for \* \(statement 1 of the policy of acme-backups\), .* and \d+ more$/,
    );
  });

  it('widens it in a place that no trial knows: the documents show it', async () => {
    const wider = document(allow('s3:GetObject', `${bucketArn}/velero/*`));
    const found = await rehearsed([
      OLD,
      NEW,
      SEE_IT_WORK,
      HAND_OVER,
      END_OLD,
      `aws iam put-user-policy --user-name "$WRITER" --policy-name more --policy-document ${wider}`,
    ]);
    expect(found).toMatchObject({ verdict: 'breached', cause: 'policy-allows-too-much' });
    expect(found.sentence).toContain('found s3:GetObject on arn:aws:s3:::acme-backups/velero/');
  });

  it('opens the bucket for a part of the rotation, keeps recovery points for a shorter time, and prints a secret in hex', async () => {
    const open = document({ ...allow('s3:GetObject', `${bucketArn}/*`), Principal: '*' });
    const found = await rehearsed([
      OLD,
      `aws s3api put-bucket-policy --bucket "$BACKUP_BUCKET" --policy ${open}`,
      NEW,
      SEE_IT_WORK,
      HAND_OVER,
      END_OLD,
      'aws s3api delete-bucket-policy --bucket "$BACKUP_BUCKET"',
      `aws s3api put-bucket-lifecycle-configuration --bucket "$BACKUP_BUCKET" --lifecycle-configuration '${JSON.stringify({ Rules: [{ ID: 'short', Status: 'Enabled', Filter: { Prefix: prefix }, Expiration: { Days: 1 } }] })}'`,
      'printf "%s" "$secret" | od -An -v -tx1 | tr -d " \\n"',
    ]);
    expect(found).toMatchObject({ verdict: 'breached', halts: 'rotation' });
    const differences = new Map(differencesOf(found).map((each) => [each.item, each.found]));
    expect(Object.fromEntries(differences)).toEqual({
      'what the rotation prints': 'the secret of the new key',
      'the recovery point from before the rotation, in the end':
        'the lifecycle of bucket acme-backups below nats/ has changed',
      'rights that only the new key has':
        's3:GetObject for * (statement 1 of the policy of acme-backups), for a part of the rotation',
    });
  });

  it('is told everything else that it leaves behind', async () => {
    const found = await rehearsed([
      OLD,
      POLICY,
      NEXT_USER,
      `aws iam put-user-policy --user-name "$next" --policy-name own --policy-document ${document(objects)}`,
      newKeyOf('$next'),
      HAND_OVER,
      // The old key has no more rights, but still exists.
      'aws iam detach-user-policy --user-name "$WRITER" --policy-arn "$policy"',
      'aws iam create-user --user-name spare >/dev/null',
      'aws iam create-access-key --user-name spare >/dev/null',
      'printf "%s:%s" "$id" "$secret" | base64 -w0 >&2',
    ]);
    expect(found).toMatchObject({ verdict: 'breached', halts: 'rotation' });
    const differences = new Map(differencesOf(found).map((each) => [each.item, each.found]));
    expect(differences.get('what the rotation prints')).toBe('the secret of the new key');
    expect(differences.get('the old key, after the rotation')).toMatch(
      /^it is still a key of IAM user writer-\S+, which may no longer do what it did$/,
    );
    expect(differences.get('keys that are accepted after the rotation')).toMatch(
      /^2 more that are active, of .*IAM user spare/,
    );
    expect(differences.get('rights that only the old key had')).toContain('s3:ListBucket');
  });
});

describe.skipIf(!target.offers(enforcingStore))('a rotation, rehearsed without scripts of the platform', () => {
  const rehearsedWith = async (
    more: Partial<Parameters<typeof rotationRehearsed>[0]>,
    policy: object = policyOf(objects, listing),
    on?: Target,
  ) => await checks.record(rotationRehearsed({ user: await checks.userWith(policy), bucket, prefix, ...more }), on);

  it('halts where the script leaves no new key', async () => {
    const found = await rehearsedWith({ rotatedBy: await checks.scriptOf('true') });
    expect(found).toMatchObject({ verdict: 'breached', cause: 'rotation-failed', halts: 'rotation' });
    expect(found.sentence).toContain('it left no such file');
  });

  it('halts where the old key is still accepted, because nobody deleted it', async () => {
    const found = await rehearsedWith({ rotatedBy: await checks.scriptOf(NEW, HAND_OVER) });
    expect(found).toMatchObject({ verdict: 'breached', cause: 'old-credential-accepted', owner: 'platform' });
    expect(found.sentence).toContain(
      'the old key, after the rotation: expected reading, writing and listing to be refused',
    );
  });

  it('halts where the backup ends well and uploads nothing', async () => {
    const found = await rehearsedWith({ backup: { script: await checks.scriptOf('echo skipped') } });
    expect(found).toMatchObject({ verdict: 'breached', cause: 'backup-failed', halts: 'rotation' });
    expect(found.sentence).toContain('nothing new lies below acme-backups/nats/');
  });

  it('halts where the new key cannot read what was written before', async () => {
    const found = await rehearsedWith({}, policyOf(allow('s3:PutObject', `${bucketArn}/nats/*`), listing));
    expect(found).toMatchObject({ verdict: 'breached', cause: 'rotation-failed', halts: 'rotation' });
    expect(found.sentence).toContain('the recovery point from before the rotation, read with the new key');
  });

  it('says what it does not show where the harness itself rotates and uploads', async () => {
    const found = await rehearsedWith({});
    expect(found.sentence).toContain('`rotatedBy` names no script');
    expect(found).toMatchObject({ verdict: 'met' });
  });

  it('a user that does not exist gives one clear message', async () => {
    const found = await checks.record(rotationRehearsed({ user: 'nobody-of-that-name', bucket, prefix }));
    expect(found).toMatchObject({ verdict: 'unproven', cause: 'contract-mistake', halts: 'rotation' });
    expect(found.sentence).toContain(
      'IAM user nobody-of-that-name: expected to exist, but there is none of that name.',
    );
    expect(found.nextStep).toMatch(/^Correct the contract, or make what it names/);
  });

  it('does not take a service that fails for one that accepts, nor for one that refuses', async () => {
    const found = await rehearsedWith(
      {},
      undefined,
      failingFor(({ keyId, isEnded }) => isEnded(keyId)),
    );
    expect(found).toMatchObject({ verdict: 'unproven', cause: 'not-decided', halts: 'rotation' });
    expect(found.sentence).toMatch(/the old key, after the rotation: the service did not answer \(writing: 503 /);
  });

  it('asks a service again that fails for a while', async () => {
    let failures = 0;
    const found = await rehearsedWith(
      {},
      undefined,
      failingFor(({ keyId, isEnded }) => isEnded(keyId) && ++failures < 4),
    );
    expect(found.sentence).toContain('14 steps of the rotation compared');
    expect(found.verdict).toBe('met');
    expect(failures).toBeGreaterThan(3);
  });

  it('proves nothing where the service stops to answer in the middle', async () => {
    const script = await checks.scriptOf(OLD, NEW, SEE_IT_WORK, HAND_OVER, END_OLD);
    const found = await rehearsedWith(
      { rotatedBy: script },
      undefined,
      failingFor(({ isEnded }) => isEnded()),
    );
    expect(found).toMatchObject({ verdict: 'unproven', cause: 'not-decided' });
    expect(found.sentence).toContain('the rotation: ');
  });
});

interface Asked {
  /** The key that signed the request. */
  readonly keyId: string;
  /** Whether that key was already deleted, or any key was. */
  readonly isEnded: (keyId?: string) => boolean;
}

/** Returns the target with an enforcing store that answers 503 to some requests. */
function failingFor(fails: (asked: Asked) => boolean): Target {
  return withChanged(target, enforcingStore, async (store) => {
    const ended: string[] = [];
    const isEnded = (keyId?: string) => (keyId === undefined ? ended.length > 0 : ended.includes(keyId));
    const { hostname, port } = new URL(store.s3.endpoint);
    const server = createServer((request, response) => {
      void (async () => {
        const body = await buffer(request);
        const keyId = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
        if (fails({ keyId, isEnded })) {
          response.writeHead(503).end();
          return;
        }
        const form = new URLSearchParams(body.toString('utf8'));
        const { method = 'GET', url = '/' } = request;
        const passed = httpRequest({ hostname, port, method, path: url, headers: request.rawHeaders, setHost: false });
        passed.once('response', (answer) => {
          if (form.get('Action') === 'DeleteAccessKey') ended.push(form.get('AccessKeyId') ?? '');
          response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
          answer.pipe(response);
        });
        passed.end(body);
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return {
      ...store,
      s3: { ...store.s3, endpoint },
      [Symbol.asyncDispose]: async () => {
        server.close();
        server.closeAllConnections();
        await store[Symbol.asyncDispose]();
      },
    };
  });
}
