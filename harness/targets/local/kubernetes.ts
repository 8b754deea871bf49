import { generateKeyPair, randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { httpRequest } from '../../clients/http.ts';
import type { StartedProcess } from '../../process/supervised.ts';
import { arrived, endedByHopelessErrors, notYet, type Wait } from '../../wait/wait.ts';
import { onFreePorts, requireFree } from '../ports.ts';
import { type KubeAccess, KubeApi, reasonIn } from './kube-api.ts';
import { collectionOfGo, type LocalContext, startProgram } from './program.ts';

/** A Kubernetes API that answers, without controllers. */
export interface StartedApi {
  readonly kubeconfigPath: string;
  readonly access: KubeAccess;
  readonly version: string;
  readonly etcd: StartedProcess;
  readonly apiServer: StartedProcess;
  readonly etcdDir: string;
  readonly files: ControlPlaneFiles;
}

const READY_BUDGET_MS = 60_000;
const generateKeys = promisify(generateKeyPair);

/**
 * Starts etcd and kube-apiserver: the real API, without nodes. It serves an administrator; see {@link startControllerManager} for the rest.
 */
export async function startApi(
  label: string,
  context: LocalContext,
  signal: AbortSignal,
  port?: number,
): Promise<StartedApi> {
  const dir = context.session.folder('kubernetes', label);
  const etcdDir = context.session.folder('kubernetes', label, 'etcd');
  const files = await writeFiles(dir);
  const { url, process: etcd } = await startEtcd(label, etcdDir, context, signal);
  const onPort = (chosen: number) => startApiServer(label, chosen, url, files, context, signal);
  try {
    const {
      process: apiServer,
      access,
      version,
    } = port === undefined
      ? await onFreePorts(1, ([free = 0]) => onPort(free))
      : await onPort(await requireFree(port, 'Kubernetes API'));
    const kubeconfigPath = join(dir, 'kubeconfig');
    await writeKubeconfig(kubeconfigPath, access);
    return { kubeconfigPath, access, version, etcd, apiServer, etcdDir, files };
  } catch (error) {
    await etcd.stop();
    throw error;
  }
}

interface ControlPlaneFiles {
  readonly certificateDir: string;
  readonly tokenPath: string;
  readonly token: string;
  readonly privateKeyPath: string;
  readonly publicKeyPath: string;
}

async function writeFiles(dir: string): Promise<ControlPlaneFiles> {
  const token = randomBytes(24).toString('hex');
  const { privateKey, publicKey } = await generateKeys('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const files: ControlPlaneFiles = {
    certificateDir: join(dir, 'certificates'),
    tokenPath: join(dir, 'tokens.csv'),
    token,
    privateKeyPath: join(dir, 'service-accounts.key'),
    publicKeyPath: join(dir, 'service-accounts.pub'),
  };
  await rm(files.certificateDir, { recursive: true, force: true });
  await writeFile(files.tokenPath, `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  await writeFile(files.privateKeyPath, privateKey, { mode: 0o600 });
  await writeFile(files.publicKeyPath, publicKey, { mode: 0o600 });
  return files;
}

async function startEtcd(label: string, dataDir: string, context: LocalContext, signal: AbortSignal) {
  return await onFreePorts(1, async ([port = 0]) => {
    const url = `http://127.0.0.1:${port}`;
    const starting = await startProgram(
      {
        name: `etcd-${label}`,
        tool: 'etcd',
        args: [
          `--data-dir=${dataDir}`,
          `--listen-client-urls=${url}`,
          `--advertise-client-urls=${url}`,
          // A single member has no peers, so any port will do (as in controller-runtime's envtest).
          '--listen-peer-urls=http://127.0.0.1:0',
          '--unsafe-no-fsync',
          '--log-level=warn',
        ],
        env: collectionOfGo(),
        ending: 'immediate',
      },
      context,
    );
    const { process } = await starting.untilServing(
      httpAnswers(`etcd at ${url} to be healthy`, `${url}/health`),
      signal,
    );
    return { process, url };
  });
}

async function startApiServer(
  label: string,
  port: number,
  etcdUrl: string,
  files: ControlPlaneFiles,
  context: LocalContext,
  signal: AbortSignal,
) {
  const starting = await startProgram(
    {
      name: `kube-apiserver-${label}`,
      tool: 'kube-apiserver',
      args: [
        `--etcd-servers=${etcdUrl}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        `--secure-port=${port}`,
        // The server makes a certificate for its loopback address by itself; it ends with the session.
        `--cert-dir=${files.certificateDir}`,
        `--token-auth-file=${files.tokenPath}`,
        '--authorization-mode=RBAC',
        '--anonymous-auth=false',
        '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
        `--service-account-key-file=${files.publicKeyPath}`,
        `--service-account-signing-key-file=${files.privateKeyPath}`,
        '--service-cluster-ip-range=10.96.0.0/16',
        // A loopback address is not a valid endpoint, so the server must not try to publish it.
        '--endpoint-reconciler-type=none',
        '--profiling=false',
        '--v=1',
      ],
      env: collectionOfGo(),
      ending: 'immediate',
    },
    context,
  );
  const server = `https://127.0.0.1:${port}`;
  const { process, value } = await starting.untilServing(
    apiReady(server, files.token, join(files.certificateDir, 'apiserver.crt')),
    signal,
  );
  return { process, ...value };
}

/**
 * Starts kube-controller-manager. Ready when the API server reports ready and the `default` namespace has its ServiceAccount and its root
 * certificate: the controllers work then.
 */
export async function startControllerManager(
  label: string,
  { kubeconfigPath, access, files }: StartedApi,
  context: LocalContext,
  signal: AbortSignal,
): Promise<StartedProcess> {
  const starting = await startProgram(
    {
      name: `kube-controller-manager-${label}`,
      tool: 'kube-controller-manager',
      args: [
        `--kubeconfig=${kubeconfigPath}`,
        '--leader-elect=false',
        '--secure-port=0',
        `--service-account-private-key-file=${files.privateKeyPath}`,
        `--root-ca-file=${join(files.certificateDir, 'apiserver.crt')}`,
        '--concurrent-namespace-syncs=20',
        '--kube-api-qps=200',
        '--kube-api-burst=400',
        '--profiling=false',
        '--v=1',
      ],
      env: collectionOfGo(),
      ending: 'immediate',
    },
    context,
  );
  const { process } = await starting.untilServing(controllersWork(access), signal);
  return process;
}

function httpAnswers(what: string, url: string): Wait<void> {
  return endedByHopelessErrors({
    for: what,
    budgetMs: READY_BUDGET_MS,
    intervalMs: 20,
    look: async (signal) => {
      const { status, body } = await httpRequest('GET', url, signal);
      return status === 200 ? arrived(undefined) : notYet(`it answers ${status}: ${body}`);
    },
  });
}

/**
 * Two hooks of the server wait a second before their first try (pkg/registry/rbac/rest/storage_rbac.go and
 * pkg/registry/scheduling/rest/storage_scheduling.go). An administrator's requests need neither, so other parts start meanwhile. A cluster
 * counts as started when the hooks have also ended: {@link controllersWork}.
 */
const SERVES =
  '/readyz?exclude=poststarthook/rbac/bootstrap-roles&exclude=poststarthook/scheduling/bootstrap-system-priority-classes';

function apiReady(server: string, token: string, caPath: string): Wait<{ access: KubeAccess; version: string }> {
  return {
    for: `kube-apiserver at ${server} to serve`,
    budgetMs: READY_BUDGET_MS,
    look: async (signal) => {
      const access = { server, token, caPem: await readFile(caPath, 'utf8') };
      using api = new KubeApi(access);
      const ready = await api.call('GET', SERVES, signal);
      if (ready.status !== 200) return notYet(`readyz answers ${ready.status}: ${ready.body.slice(-200)}`);
      const version = await api.call('GET', '/version', signal);
      const gitVersion = /"gitVersion":\s*"([^"]+)"/.exec(version.body)?.[1] ?? 'unknown';
      return arrived({ access, version: gitVersion });
    },
  };
}

function controllersWork(access: KubeAccess): Wait<void> {
  const signs = [
    '/readyz',
    '/api/v1/namespaces/default/serviceaccounts/default',
    '/api/v1/namespaces/default/configmaps/kube-root-ca.crt',
  ];
  return {
    for: 'kube-apiserver to be ready, and kube-controller-manager to have furnished the default namespace',
    budgetMs: READY_BUDGET_MS,
    look: async (signal) => {
      using api = new KubeApi(access);
      for (const path of signs) {
        const { status, body } = await api.call('GET', path, signal);
        if (status !== 200) return notYet(`${path} answers ${status}: ${reasonIn(body)}`);
      }
      return arrived(undefined);
    },
  };
}

/** Writes the kubeconfig in one step, so that a reader never sees half a file during the replacement of a lost control plane. */
async function writeKubeconfig(path: string, { server, caPem, token }: KubeAccess): Promise<void> {
  const name = 'dr-contracts';
  const cluster = { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') };
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
