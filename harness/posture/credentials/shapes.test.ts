import { symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { comparisonOf } from '../../model/comparison.ts';
import { judgeCheck } from '../../verdict/posture.ts';
import { type Files, folderOf, scanned } from './testing/scan-of.ts';

// Assembled here, so that no scanner finds a credential in this file.
const PASSWORD = ['hunter', '22'].join('');
const SEED = `SU${'A'.repeat(56)}`;
const AGE_KEY = `AGE-SECRET-KEY-1${'Q'.repeat(58)}`;
const base64 = (text: string) => Buffer.from(text).toString('base64');
/** A shell variable, not a JavaScript template. */
const variable = (name: string) => ['$', `{${name}}`].join('');
const helm = (inside: string) => `{{ ${inside} }}`;
const dsn = (user: string, password: string) => ['postgres:/', `/${user}:${password}@db/app`].join('');
const secret = (...lines: string[]) =>
  ['apiVersion: v1', 'kind: Secret', 'metadata: { name: db }', ...lines, ''].join('\n');
const pod = (name: string, value: string) =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a }\nspec:\n  template:\n    spec:\n      containers:\n        - name: a\n          image: a:1\n          env:\n            - { name: ${name}, value: "${value}" }\n`;

const scan = async (files: Files) => await scanned(await folderOf(files));
const judged = (made: Awaited<ReturnType<typeof scan>>) =>
  judgeCheck({ promise: 'No file holds a credential', observation: comparisonOf(made), failure: null });

describe('C11: a credential is found', () => {
  it.each<[string, Files]>([
    [
      'in a List, as kubectl writes it',
      {
        'dump.yaml': `apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Secret\n    metadata: { name: db }\n    data: { password: ${base64(PASSWORD)} }\nmetadata: {}\n`,
      },
    ],
    [
      'in a SecretList',
      {
        'dump.yaml': `apiVersion: v1\nkind: SecretList\nitems:\n  - kind: Secret\n    metadata: { name: db }\n    data: { password: ${base64(PASSWORD)} }\n`,
      },
    ],
    [
      'in a SecretList without kinds',
      {
        'dump.yaml': `kind: SecretList\nitems:\n  - metadata: { name: db }\n    stringData: { password: ${PASSWORD} }\n`,
      },
    ],
    [
      'in JSON',
      {
        'secret.json': JSON.stringify({
          kind: 'Secret',
          metadata: { name: 'db' },
          data: { password: base64(PASSWORD) },
        }),
      },
    ],
    [
      'in a List in JSON',
      {
        'all.json': JSON.stringify({
          kind: 'List',
          items: [{ kind: 'Secret', metadata: { name: 'db' }, stringData: { x: PASSWORD } }],
        }),
      },
    ],
    [
      'in a Secret with a generated name',
      { 'a.yaml': `kind: Secret\nmetadata: { generateName: db- }\nstringData: { password: ${PASSWORD} }\n` },
    ],
    ['in a Secret without a name', { 'a.yaml': `kind: Secret\nstringData: { password: ${PASSWORD} }\n` }],
    [
      'in a template of Helm',
      {
        'a.yaml': `${helm('- if .Values.on')}\nkind: Secret\nmetadata:\n  name: ${helm('.Release.Name')}-db\n  labels:\n    ${helm('- include "labels" . | nindent 4')}\nstringData:\n  password: ${PASSWORD}\n${helm('- end')}\n`,
      },
    ],
    [
      'as the default of a template',
      {
        'a.yaml': `kind: Secret\nmetadata: { name: a }\nstringData:\n  password: ${helm(`.Values.p | default "${PASSWORD}"`)}\n`,
      },
    ],
    [
      'in a template with an ending of its own',
      { 'values.yaml.gotmpl': secret('stringData:', `  password: ${PASSWORD}`) },
    ],
    ['in values of Helm', { 'values.yaml': `auth:\n  rootPassword: ${PASSWORD}\n` }],
    [
      'in literals of a generator',
      { 'kustomization.yaml': `secretGenerator:\n  - name: db\n    literals: [password=${PASSWORD}]\n` },
    ],
    [
      'in a file that a generator makes a Secret of',
      { 'kustomization.yaml': 'secretGenerator:\n  - name: db\n    files: [key=db.txt]\n', 'db.txt': `${PASSWORD}\n` },
    ],
    [
      'in an env file of a generator, under any name',
      {
        'kustomization.yaml': 'secretGenerator:\n  - name: db\n    envs: [db.list]\n',
        'db.list': `word=${PASSWORD}\n`,
      },
    ],
    [
      'in an env file beside the folder of the kustomization',
      {
        'overlay/kustomization.yaml': 'secretGenerator:\n  - name: db\n    env: ../db.list\n',
        'db.list': `word=${PASSWORD}\n`,
      },
    ],
    ['in the environment of a Deployment', { 'a.yaml': pod('DB_PASSWORD', PASSWORD) }],
    ['in a URL in the environment of a Deployment', { 'a.yaml': pod('DATABASE_URL', dsn('app', PASSWORD)) }],
    ['in .env', { '.env': `DB_PASSWORD=${PASSWORD}\n` }],
    ['in .env of a stage, with quotes', { '.env.production': `export DB_PASSWORD="${PASSWORD}"\n` }],
    ['in .pgpass', { '.pgpass': `db:5432:app:app:${PASSWORD}\n` }],
    ['in .netrc', { '.netrc': `machine git.example.org\n  login bot\n  password ${PASSWORD}\n` }],
    ['in a script', { 'backup.sh': `export RESTIC_PASSWORD=${PASSWORD}\n` }],
    ['before a command', { 'backup.sh': `RESTIC_PASSWORD='${PASSWORD}' restic backup /data\n` }],
    ['as the default of a variable', { 'backup.sh': `PGPASSWORD="${variable(`PGPASSWORD:-${PASSWORD}`)}"\n` }],
    [
      'in a script inside of a ConfigMap',
      {
        'a.yaml': `kind: ConfigMap\nmetadata: { name: a }\ndata:\n  backup.sh: |\n    export RESTIC_PASSWORD=${PASSWORD}\n`,
      },
    ],
    ['in an alias of mc', { 'mirror.sh': `mc alias set backup https://s3.example.org backup ${PASSWORD}\n` }],
    [
      'in an alias of mc, over two lines',
      { 'mirror.sh': `mc alias set backup https://s3.example.org \\\n  backup ${PASSWORD}\n` },
    ],
    ['in an option', { 'dump.sh': `nats --server nats://n --user a --password ${PASSWORD} stream backup\n` }],
    ['glued to an option', { 'dump.sh': `mysqldump -u root -p${PASSWORD} app > app.sql\n` }],
    ['in a request of curl', { 'snap.sh': `curl -u admin:${PASSWORD} https://es.example.org/_snapshot\n` }],
    ['in a Dockerfile', { Dockerfile: `FROM scratch\nENV DB_PASSWORD=${PASSWORD}\n` }],
    [
      'in the configuration of a NATS server',
      { 'nats.conf': `authorization {\n  user: backup\n  password: "${PASSWORD}"\n}\n` },
    ],
    ['in one line of it', { 'nats.conf': `users = [ { user: backup, password: ${PASSWORD} } ]\n` }],
    [
      'in a URL of NATS',
      { 'dump.sh': `nats --server ${['nats:/', `/backup:${PASSWORD}@n:4222`].join('')} stream ls\n` },
    ],
    [
      'as credentials of NATS',
      {
        'backup.creds': `-----BEGIN NATS USER JWT-----\neyJ0\n------END NATS USER JWT------\n-----BEGIN USER NKEY SEED-----\n${SEED}\n------END USER NKEY SEED------\n`,
      },
    ],
    ['as the seed of an nkey', { 'backup.nk': `${SEED}\n` }],
    ['as a key of age', { 'keys.txt': `# created: 2026\n${AGE_KEY}\n` }],
    ['as settings of rclone', { 'rclone.conf': `[s3]\ntype = s3\nsecret_access_key = ${PASSWORD}\n` }],
    ['in variables of terraform', { 'a.tfvars': `db_password = "${PASSWORD}"\n` }],
    ['beside a null', { 'a.yaml': secret('data:', 'stringData:', `  password: ${PASSWORD}`) }],
    [
      'in one of several values',
      { 'a.yaml': secret('data: { empty: }', 'stringData:', '  a: REPLACE_WITH_A', `  password: ${PASSWORD}`) },
    ],
    [
      'in the second document',
      { 'a.yaml': `kind: ConfigMap\nmetadata: { name: a }\n---\n${secret('stringData:', `  password: ${PASSWORD}`)}` },
    ],
    [
      'behind a document that is no YAML',
      { 'a.yaml': `a: [\n---\n${secret('stringData:', `  password: ${PASSWORD}`)}` },
    ],
    [
      'in the annotation that kubectl leaves',
      {
        'a.yaml': `kind: Secret\nmetadata:\n  name: db\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {"kind":"Secret","metadata":{"name":"db"},"data":{"password":"${base64(PASSWORD)}"}}\n`,
      },
    ],
    [
      'in the login of a registry',
      {
        'a.yaml': secret(
          'type: kubernetes.io/dockerconfigjson',
          'data:',
          `  .dockerconfigjson: ${base64(JSON.stringify({ auths: { 'r.example.org': { auth: base64(`bot:${PASSWORD}`) } } }))}`,
        ),
      },
    ],
    [
      'in a file of settings inside of a Secret',
      {
        'a.yaml': secret(
          'stringData:',
          '  cloud: |',
          '    [default]',
          '    aws_access_key_id = REPLACE_WITH_ID',
          `    aws_secret_access_key = ${PASSWORD}`,
        ),
      },
    ],
    ['in a compressed file', { 'backup.sh.gz': gzipSync(`export RESTIC_PASSWORD=${PASSWORD}\n`) }],
    [
      'in a composition of containers',
      { 'docker-compose.yml': `services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: ${PASSWORD}\n` },
    ],
    [
      'in a list of variables',
      { 'docker-compose.yml': `services:\n  db:\n    environment:\n      - db_password=${PASSWORD}\n` },
    ],
    ['in a variable of a workflow', { 'ci.yml': `env:\n  DEPLOY_TOKEN: ${PASSWORD}\n` }],
    [
      'in literals of a generator of ConfigMaps',
      { 'kustomization.yaml': `configMapGenerator:\n  - name: a\n    literals: [password=${PASSWORD}]\n` },
    ],
    [
      'in arguments of a container',
      {
        'a.yaml': `kind: Pod\nmetadata: { name: a }\nspec:\n  containers:\n    - name: a\n      args: [backup, --password, ${PASSWORD}]\n`,
      },
    ],
    [
      'in one argument of a container',
      {
        'a.yaml': `kind: Pod\nmetadata: { name: a }\nspec:\n  containers:\n    - name: a\n      args: ["--password=${PASSWORD}"]\n`,
      },
    ],
    [
      'in settings inside of a ConfigMap',
      {
        'a.yaml': `kind: ConfigMap\nmetadata: { name: a }\ndata:\n  application.properties: |\n    db.url=jdbc\n    db.password=${PASSWORD}\n`,
      },
    ],
    [
      'in a command that makes a Secret',
      { 'make.sh': `kubectl create secret generic db --from-literal=word=${PASSWORD}\n` },
    ],
    ['in a value for Helm', { 'install.sh': `helm install db db --set auth.user=a,auth.password=${PASSWORD}\n` }],
    ['in a file of one password', { 'restic-password.txt': `${PASSWORD}\n` }],
    [
      'in a context of NATS',
      { 'backup.json': JSON.stringify({ url: 'nats://n:4222', user: 'backup', password: PASSWORD }) },
    ],
    [
      'in a kubeconfig',
      { 'config.yaml': `kind: Config\nusers:\n  - name: a\n    user: { client-key-data: ${base64(PASSWORD)} }\n` },
    ],
    [
      'in UTF-16 with a mark',
      {
        'a.yaml': Buffer.concat([
          Buffer.from([0xff, 0xfe]),
          Buffer.from(secret('stringData:', `  password: ${PASSWORD}`), 'utf16le'),
        ]),
      },
    ],
    [
      'in UTF-16 with a mark, the other way round',
      {
        'a.yaml': Buffer.concat([
          Buffer.from([0xff, 0xfe]),
          Buffer.from(secret('stringData:', `  password: ${PASSWORD}`), 'utf16le'),
        ]).swap16(),
      },
    ],
    [
      'in UTF-16 without a mark',
      { 'a.yaml': Buffer.from(secret('stringData:', `  password: ${PASSWORD}`), 'utf16le') },
    ],
    ['behind a byte order mark', { 'a.yaml': `\uFEFF${secret('stringData:', `  password: ${PASSWORD}`)}` }],
    ['with the line ends of Windows', { '.env': `A=b\r\nDB_PASSWORD=${PASSWORD}\r\n` }],
    [
      'in a file above a megabyte',
      {
        'a.yaml': `kind: ConfigMap\nmetadata: { name: a }\ndata:\n${'  line: "0123456789012345678901234567890123456789"\n'.replaceAll('line', 'l').repeat(1)}# ${'x'.repeat(1_200_000)}\n---\n${secret('stringData:', `  password: ${PASSWORD}`)}`,
      },
    ],
  ])('%s', async (_, files) => {
    const found = await scan(files);
    expect(found.differences.map(({ cause }) => cause)).toContain('credential-in-file');
    const { verdict, cause, sentence } = judged(found);
    expect({ verdict, cause }).toEqual({ verdict: 'breached', cause: 'credential-in-file' });
    expect(sentence).not.toContain(PASSWORD);
    expect(JSON.stringify(found)).not.toContain(PASSWORD);
  });

  it('behind links to a file and to a folder, and once where links go in a circle', async () => {
    const elsewhere = await folderOf({
      'a.yaml': secret('stringData:', `  password: ${PASSWORD}`),
      'folder/.env': `DB_PASSWORD=${PASSWORD}\n`,
    });
    const folder = await folderOf({ 'own.txt': 'nothing\n' });
    await symlink(join(elsewhere, 'a.yaml'), join(folder, 'linked.yaml'));
    await symlink(join(elsewhere, 'folder'), join(folder, 'linked'));
    await symlink(folder, join(folder, 'circle'));
    const { differences, compared } = await scanned(folder);
    expect(differences.map(({ item }) => item.replace(/^.*\//, ''))).toEqual([
      '.env:1',
      'linked.yaml: Secret db, password',
    ]);
    expect(compared).toBe(3);
  });

  it('in a file too large to be held, with the number of its line', async () => {
    const line = `${'x'.repeat(1_023)}\n`;
    const { differences, notVerified } = await scan({
      'big.sh': `${line.repeat(17 * 1_024)}export RESTIC_PASSWORD=${PASSWORD}\n`,
    });
    expect(differences).toMatchObject([{ item: expect.stringMatching(/big\.sh:17409$/) }]);
    expect(notVerified).toContainEqual(expect.stringContaining('big.sh'));
  });
});

describe('C29: no credential', () => {
  it.each<[string, Files]>([
    [
      'what SOPS has encrypted',
      {
        'a.yaml': secret(
          'stringData:',
          '  password: ENC[AES256_GCM,data:Tr7o=,iv:1=,tag:k=,type:str]',
          'sops:',
          '  mac: ENC[AES256_GCM,data:x=,type:str]',
          '  age:',
          '    - recipient: age1abc',
          '      enc: |',
          '        -----BEGIN AGE ENCRYPTED FILE-----',
        ),
      },
    ],
    [
      'a SealedSecret',
      {
        'a.yaml': `apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: { name: db }\nspec:\n  encryptedData:\n    password: AgBy3i4OJSWK0PiTySYZZA9rO43cGDEq1234567890\n`,
      },
    ],
    [
      'an ExternalSecret',
      {
        'a.yaml':
          'kind: ExternalSecret\nmetadata: { name: db }\nspec:\n  secretStoreRef: { name: vault }\n  data:\n    - secretKey: password\n      remoteRef: { key: prod/db, property: password }\n',
      },
    ],
    ['a reference to a vault', { 'a.yaml': secret('stringData:', '  password: vault:secret/data/db#password') }],
    ['a file of Ansible Vault', { 'secrets.yml': '$ANSIBLE_VAULT;1.1;AES256\n6162\n' }],
    ['what age has encrypted', { 'a.age': 'age-encryption.org/v1\n-> X25519 abc\n' }],
    ['a placeholder of ours', { 'a.yaml': secret('stringData:', '  password: REPLACE_WITH_PASSWORD') }],
    [
      'CHANGE_ME',
      { 'a.yaml': secret('stringData:', '  password: CHANGE_ME', '  token: changeme', '  other: "<your password>"') },
    ],
    [
      'a variable',
      {
        'a.yaml': secret(
          'stringData:',
          `  password: ${variable('DB_PASSWORD')}`,
          '  token: $TOKEN',
          '  other: $(OTHER)',
        ),
      },
    ],
    ['a variable in base64', { 'a.yaml': secret('data:', `  password: ${base64(variable('DB_PASSWORD'))}`) }],
    [
      'a value of Helm',
      {
        'a.yaml': `kind: Secret\nmetadata: { name: a }\ndata:\n  password: ${helm('.Values.password | b64enc | quote')}\n`,
      },
    ],
    ['an empty login of a registry', { 'a.yaml': secret('data:', `  .dockerconfigjson: ${base64('{"auths":{}}')}`) }],
    [
      'a registry without a password',
      { 'a.yaml': secret('data:', `  .dockerconfigjson: ${base64('{"auths":{"r.example.org":{"auth":""}}}')}`) },
    ],
    ['a region', { 'a.yaml': secret('stringData:', '  AWS_REGION: eu-west-1', '  region: us-east-2') }],
    ['a bucket', { 'a.yaml': secret('stringData:', '  BUCKET_NAME: acme-backups', '  S3_BUCKET: acme-backups') }],
    [
      'a user and a host',
      { 'a.yaml': secret('stringData:', '  username: app', '  DB_HOST: db.example.org', '  port: "5432"') },
    ],
    [
      'an address without a password',
      {
        'a.yaml': secret(
          'stringData:',
          '  url: https://s3.example.org',
          `  NATS_URL: ${['nats:/', '/nats:4222'].join('')}`,
        ),
      },
    ],
    [
      'an address whose password is filled in later',
      {
        'a.yaml': secret('stringData:', `  url: ${dsn('app', variable('DB_PASSWORD'))}`),
        'b.sh': `URL=${dsn('app', '$PASSWORD')}\n`,
      },
    ],
    [
      'a certificate',
      {
        'a.yaml': secret(
          'stringData:',
          '  ca.crt: |',
          '    -----BEGIN CERTIFICATE-----',
          '    MIIB',
          '    -----END CERTIFICATE-----',
        ),
      },
    ],
    [
      'a null and an empty text',
      { 'a.yaml': secret('data:', 'stringData: { password: "" }'), 'b.yaml': secret('data: { password: null }') },
    ],
    [
      'settings whose secrets are placeholders',
      {
        'a.yaml': secret(
          'stringData:',
          '  cloud: |',
          '    [default]',
          '    aws_access_key_id = REPLACE_WITH_ID',
          '    aws_secret_access_key = REPLACE_WITH_KEY',
          '    region = us-west-2',
        ),
      },
    ],
    [
      'a value that a script reads from elsewhere',
      {
        'a.sh': `export RESTIC_PASSWORD=$(cat /run/secrets/restic)\nPGPASSWORD="$DB_PASSWORD" pg_dump\nexport RESTIC_PASSWORD_FILE=/run/secrets/restic\nmc alias set b "$URL" "$KEY" "$SECRET"\nPWD=/srv\n`,
      },
    ],
    ['the environment of a Deployment without secrets', { 'a.yaml': pod('DB_PASSWORD_FILE', '/run/secrets/db') }],
    [
      'names of Secrets',
      {
        'a.yaml':
          'kind: Ingress\nmetadata: { name: a }\nspec:\n  tls: [{ secretName: site-tls }]\n  secret: backup-key\n  existingSecret: db-credentials\n  token: { audience: vault }\n',
      },
    ],
    ['a password file of placeholders', { '.pgpass': 'db:5432:app:app:REPLACE_WITH_PASSWORD\n' }],
    ['a hash that a server compares with', { 'nats.conf': 'password: $2a$11$abcdefghijklmnopqrstuv\n' }],
  ])('is %s', async (_, files) => {
    const found = await scan(files);
    expect(found.differences).toEqual([]);
    expect(found.undecided).toEqual([]);
  });

  it.each<[string, string]>([
    ['a connection string under a harmless name', `  url: ${dsn('app', PASSWORD)}`],
    ['a URL of NATS under a harmless name', `  url: ${['nats:/', `/backup:${PASSWORD}@nats:4222`].join('')}`],
    ['a token of NATS', `  servers: ${['nats:/', `/${PASSWORD}abc@nats:4222`].join('')}`],
    ['a value that only mentions a placeholder', `  password: ${PASSWORD} (was REPLACE_WITH_PASSWORD)`],
    ['a value of SOPS and one that it left open', `  password: ENC[AES256_GCM,data:x,type:str]\n  pin: ${PASSWORD}`],
    [
      'a private key under the name of a certificate',
      '  tls.crt: |\n    -----BEGIN CERTIFICATE-----\n    -----BEGIN PRIVATE KEY-----',
    ],
  ])('is not %s', async (_, line) => {
    expect((await scan({ 'a.yaml': secret('stringData:', line) })).differences.length).toBeGreaterThan(0);
    if (!line.includes('\n')) {
      const [, key = '', text = ''] = /^ {2}([\w.]+): (.*)$/s.exec(line) ?? [];
      expect(
        (await scan({ 'a.yaml': secret(`data: { ${key}: ${base64(text)} }`) })).differences.length,
      ).toBeGreaterThan(0);
    }
  });
});

describe('C11: what could not be read', () => {
  it('keeps the check from being met where it may hold a credential, and is named', async () => {
    const folder = await folderOf({
      'a.txt': 'nothing\n',
      'store.p12': Buffer.from([1, 0, 2]),
      'old.tar.gz': Buffer.from([31, 139, 0]),
    });
    await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
    const found = await scanned(folder);
    const { verdict, cause, sentence } = judged(found);
    expect({ verdict, cause, differences: found.differences }).toEqual({
      verdict: 'unproven',
      cause: 'file-not-read',
      differences: [],
    });
    for (const name of ['store.p12', 'old.tar.gz', 'dangling']) expect(sentence).toContain(name);
    expect(found.compared).toBe(1);
  });

  it('is a folder that is not there', async () => {
    expect(judged(await scanned(join(tmpdir(), 'dr-contracts-nowhere'))).verdict).toBe('unproven');
  });

  it('is told beside a check that is met where it holds no text, or is read in another way', async () => {
    const found = await scan({
      'a.png': Buffer.from([137, 80, 0]),
      'a.age': 'age-encryption.org/v1\n',
      'bad.yaml': 'a: [\n',
      'b.txt': 'x\n',
    });
    const { verdict, sentence } = judged(found);
    expect(verdict).toBe('met');
    for (const text of ['1 file binary (', 'a.png', '1 file encrypted (', 'a.age', 'bad.yaml'])
      expect(sentence).toContain(text);
  });
});
