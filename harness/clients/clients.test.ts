import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IAMClient } from '@aws-sdk/client-iam';
import { Route53Client } from '@aws-sdk/client-route-53';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { iamClient } from './iam.ts';
import { route53Client } from './route53.ts';
import { s3Client } from './s3.ts';

// The real clients, which remember the configuration that they were given: a client itself shows only what it made of it.
vi.mock('@aws-sdk/client-s3', async (original) => {
  const sdk = await original<typeof import('@aws-sdk/client-s3')>();
  return { ...sdk, S3Client: vi.fn(sdk.S3Client) };
});
vi.mock('@aws-sdk/client-route-53', async (original) => {
  const sdk = await original<typeof import('@aws-sdk/client-route-53')>();
  return { ...sdk, Route53Client: vi.fn(sdk.Route53Client) };
});
vi.mock('@aws-sdk/client-iam', async (original) => {
  const sdk = await original<typeof import('@aws-sdk/client-iam')>();
  return { ...sdk, IAMClient: vi.fn(sdk.IAMClient) };
});

const place = { endpoint: 'http://127.0.0.1:1', region: 'us-west-2', accessKeyId: 'id', secretAccessKey: 'key' };

/** Settings that a client of the SDK looks up by itself unless they are given, from the SDK's own source. */
async function lookedUpBy(client: string): Promise<readonly string[]> {
  const entry = fileURLToPath(import.meta.resolve(client));
  const source = await readFile(join(dirname(entry), '../dist-es/runtimeConfig.js'), 'utf8');
  return [...source.matchAll(/(\w+): config\?\.\1 \?\?\s*loadNodeConfig\(/g)].map(([, name = '']) => name);
}

/** A server on loopback that answers everything with an empty listing, and counts what it was asked. */
async function loopbackServer(answer: string, status = 200) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.headers.host}${request.url}`);
    response.writeHead(status, { 'content-type': 'application/xml' }).end(answer);
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const MAKES_A_CLIENT =
  /new (S3|Route53|IAM|STS)Client\(|new KubeConfig\(|[^.\w]fetch\(|import \{[^}]*\bconnect\b[^}]*\} from '@nats-io/;
const NO_BUCKETS = '<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>';

describe('the clients of AWS services', () => {
  it.each([
    ['@aws-sdk/client-s3', s3Client, S3Client],
    ['@aws-sdk/client-route-53', route53Client, Route53Client],
    ['@aws-sdk/client-iam', iamClient, IAMClient],
  ])(
    'E08: leave no setting of %s to be looked up in the environment or files of the user',
    async (sdk, make, Client) => {
      make(place).destroy();
      const [given] = vi.mocked(Client).mock.lastCall ?? [];
      const lookedUp = await lookedUpBy(sdk);
      expect(lookedUp).toContain('useFipsEndpoint');
      expect(lookedUp.filter((name) => !(name in (given ?? {})))).toEqual([]);
    },
  );

  it('E08: reach their endpoint whatever the variables and profiles of the user say', async () => {
    const { url, asked } = await loopbackServer(NO_BUCKETS);
    const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-clients-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const config = join(folder, 'config');
    await writeFile(
      config,
      '[default]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\nretry_mode = nonsense\nmax_attempts = none\nendpoint_url = http://127.0.0.1:9\ns3_use_arn_region = maybe\n',
    );
    const user = {
      AWS_CONFIG_FILE: config,
      AWS_SHARED_CREDENTIALS_FILE: config,
      AWS_USE_FIPS_ENDPOINT: 'true',
      AWS_USE_DUALSTACK_ENDPOINT: 'true',
      AWS_PROFILE: 'production',
      AWS_RETRY_MODE: 'nonsense',
      AWS_MAX_ATTEMPTS: 'none',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
      AWS_CA_BUNDLE: '/nowhere/ca.pem',
      AWS_DEFAULTS_MODE: 'nonsense',
      AWS_REQUEST_CHECKSUM_CALCULATION: 'nonsense',
      AWS_S3_USE_ARN_REGION: 'maybe',
      AWS_AUTH_SCHEME_PREFERENCE: 'nonsense',
    };
    for (const [name, value] of Object.entries(user)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const client = s3Client({ ...place, endpoint: url });
    await expect(client.send(new ListBucketsCommand({}))).resolves.toMatchObject({ Buckets: [] });
    client.destroy();
    expect(asked).toEqual([`GET ${new URL(url).host}/?x-id=ListBuckets`]);
  });

  it('E08, E16: are made in harness/clients and nowhere else in the harness', async () => {
    const elsewhere: string[] = [];
    for await (const file of glob('harness/**/*.ts', { exclude: ['**/*.test.ts', '**/testing/**', '**/testing.ts'] })) {
      if (file.startsWith('harness/clients/') || file.startsWith('harness/bench/')) continue;
      const text = await readFile(file, 'utf8');
      if (MAKES_A_CLIENT.test(text)) elsewhere.push(file);
    }
    expect(elsewhere).toEqual([]);
  });

  it('use the credentials of the user for the ledger alone', async () => {
    const users: string[] = [];
    for await (const file of glob('harness/**/*.ts', { exclude: ['**/*.test.ts'] })) {
      if (/userBucketClient\(/.test(await readFile(file, 'utf8'))) users.push(file);
    }
    expect(users.toSorted()).toEqual([
      'harness/clients/user-bucket.ts',
      'harness/evidence/ledger/anchor-places.ts',
      'harness/evidence/ledger/bucket-store.ts',
    ]);
  });
});

describe('requests to servers of this machine', () => {
  it('E16: never go to the proxy of the user, over HTTP and to S3', async () => {
    const [proxy, server] = [await loopbackServer('', 403), await loopbackServer(NO_BUCKETS)];
    const program = `
      const { httpRequest } = await import(${JSON.stringify(resolve('harness/clients/http.ts'))});
      const { s3Client } = await import(${JSON.stringify(resolve('harness/clients/s3.ts'))});
      const { ListBucketsCommand } = await import('@aws-sdk/client-s3');
      const { status } = await httpRequest('GET', '${server.url}/varz', AbortSignal.timeout(10_000));
      await s3Client({ ...${JSON.stringify(place)}, endpoint: '${server.url}' }).send(new ListBucketsCommand({}));
      process.stdout.write(String(status));
      process.exit();`;
    const proxies = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, http_proxy: proxy.url, NODE_USE_ENV_PROXY: '1' };
    const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', program], {
      env: { ...proxies, NO_PROXY: '', no_proxy: '' },
    });
    expect(stdout).toBe('200');
    expect(proxy.asked).toEqual([]);
    expect(server.asked).toHaveLength(2);
  });
});
