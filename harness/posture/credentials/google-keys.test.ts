import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { foundIn } from './testing/scan-of.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const account = {
  type: 'service_account',
  project_id: 'kgents-prod',
  private_key_id: 'a'.repeat(40),
  private_key: privateKey,
  client_email: 'nats-backup@kgents-prod.iam.gserviceaccount.com',
  client_id: '1'.repeat(21),
  token_uri: 'https://oauth2.googleapis.com/token',
};
const indented = JSON.stringify(account, undefined, 2);
const base64 = (text: string) => Buffer.from(text).toString('base64');
const inSecret = (key: string, value: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: cloud-credentials }\ndata: { ${key}: ${value} }\n`;

describe('the search for keys of Google Cloud', () => {
  it.each([
    ['a service account key', 'key.json', indented],
    ['a service account key in one line', 'key.json', JSON.stringify(account)],
    ['a service account key under another name', 'credentials', indented],
    ['a Secret of Velero', 'secret.yaml', inSecret('cloud', base64(indented))],
    ['a Secret with key.json', 'secret.yaml', inSecret('key.json', base64(JSON.stringify(account)))],
    ['a key in base64 in an env file', '.env', `GCP_SA_KEY=${base64(indented)}\n`],
    ['a key in base64 in a pipeline', 'ci.yml', `env:\n  GCP_SA: ${base64(JSON.stringify(account))}\n`],
    ['a key inside of a script', 'run.sh', `cat >key.json <<'EOF'\n${indented}\nEOF\n`],
    ['an HMAC key', 'run.sh', `export KEY=GOOG1E${'A1B2C3D4E5F'.repeat(5)}\n`],
    ['an API key', 'app.ts', `const key = "AIza${'Sy0a1B2c3'.repeat(4).slice(0, 35)}";\n`],
    [
      'what gcloud auth leaves',
      'application_default_credentials.json',
      JSON.stringify({
        client_id: 'x',
        client_secret: 'd-FL95Q19q7MQmFpd7hHD0Ty',
        refresh_token: `1//0${'aB3-'.repeat(20)}`,
        type: 'authorized_user',
      }),
    ],
  ])('finds %s, and never shows it', async (_, name, content) => {
    const found = await foundIn(name, content);
    expect(found).not.toEqual([]);
    expect(JSON.stringify(found)).not.toContain(privateKey.split('\n')[1]);
  });

  it.each([
    ['a service account without a key', JSON.stringify({ ...account, private_key: 'REPLACE_WITH_PRIVATE_KEY' })],
    [
      'Workload Identity',
      'annotations:\n  iam.gke.io/gcp-service-account: nats-backup@kgents-prod.iam.gserviceaccount.com\n',
    ],
    [
      'a configuration of workload identity federation',
      JSON.stringify({
        type: 'external_account',
        audience: '//iam.googleapis.com/x',
        token_url: 'https://sts.googleapis.com/v1/token',
      }),
    ],
  ])('lets %s pass', async (_, content) => {
    expect(await foundIn('gcp.yaml', content)).toEqual([]);
  });
});
