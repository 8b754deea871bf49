import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { systemClock } from '../../clock/clock.ts';
import { ownKubernetes } from '../../systems/kubernetes/service.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { withStubIo } from '../testing/stub-parts.ts';
import { breached, drilled, served } from './testing/served-gate.ts';

// The examples for Argo are checked by their real readers: a real API server with the definitions of Argo Rollouts, the web metric of Argo
// Rollouts, and the names in the source of Argo CD's engine.

const place = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const JOB = 'pre-sync-job.yaml';
const ANALYSIS = 'rollouts-analysis.yaml';
const example = (name: string) => readFile(place(`../../../templates/argo/${name}`), 'utf8');
const MODULE = place('testing/argo');
const SET_UP_MS = 600_000;
/** Argo CD's engine of syncs. Building it would cost too much for two names. */
const ENGINE = {
  module: 'github.com/argoproj/gitops-engine@v0.7.3',
  sum: 'h1:0ZlRTReAJG5Y1PviQ8ZIJq/+VowxWe2uFwoXqYcbtXU=',
};

const go = async (...args: readonly string[]) =>
  (await execa('go', args, { cwd: MODULE, env: { CGO_ENABLED: '0' }, timeout: SET_UP_MS })).stdout;

const downloaded = z.object({ Dir: z.string(), Sum: z.string() });
const download = async (module: string) => downloaded.parse(JSON.parse(await go('mod', 'download', '-json', module)));

describe('the examples for Argo', () => {
  let api: (input: string) => Promise<{ readonly exitCode?: number | undefined; readonly all: string }>;

  beforeAll(async () => {
    const rollouts = await download('github.com/argoproj/argo-rollouts');
    const target = sharedTarget();
    const budget = AbortSignal.timeout(SET_UP_MS);
    const cluster = await target.place(ownKubernetes, { label: 'argo' }, budget);
    const kubectl = (args: readonly string[], input = '') =>
      execa(target.tool('kubectl'), args, {
        env: { KUBECONFIG: cluster.kubeconfigPath },
        input,
        all: true,
        reject: false,
      });
    api = (input) => kubectl(['apply', '--dry-run=server', '--validate=strict', '--filename', '-'], input);
    const definition = join(rollouts.Dir, 'manifests/crds/analysis-template-crd.yaml');
    const { exitCode, all } = await kubectl(['create', '--filename', definition]);
    expect(exitCode, all).toBe(0);
    // `kubectl wait` fails on a definition that has no condition yet.
    const look = async () => {
      const waited = await kubectl(['wait', '--for', 'condition=Established', 'crd/analysistemplates.argoproj.io']);
      return waited.exitCode === 0 ? arrived(undefined) : notYet(waited.all);
    };
    await waitFor({ for: 'the definition of AnalysisTemplate', budgetMs: 60_000, look }, systemClock, budget);
    return () => cluster[Symbol.asyncDispose]();
  }, SET_UP_MS);

  it.each([
    [JOB, ['job.batch/dr-gate']],
    [
      ANALYSIS,
      [
        'analysistemplate.argoproj.io/dr-gate',
        'deployment.apps/dr-gate',
        'networkpolicy.networking.k8s.io/dr-gate',
        'service/dr-gate',
      ],
    ],
  ])('%s is accepted by an API server, object by object', async (name, objects) => {
    const { exitCode, all } = await api(await example(name));
    expect([exitCode, all.split('\n')]).toEqual([0, objects.map((object) => `${object} created (server dry run)`)]);
  });

  it.each([
    [JOB, 'onExitCodes:', 'onExitCode:'],
    [JOB, 'action: FailJob', 'action: Fail'],
    [ANALYSIS, 'successCondition:', 'sucessCondition:'],
    [ANALYSIS, 'jsonPath:', 'jsonpath:'],
  ])('%s is refused where %s is written as %s', async (name, from, to) => {
    const text = await example(name);
    expect(text).toContain(from);
    const { exitCode, all } = await api(text.replace(from, to));
    const [written = ''] = to.split(': ').toReversed();
    expect([exitCode, all]).toEqual([1, expect.stringContaining(written.replace(':', ''))]);
  });

  it('the job is a hook that Argo CD knows, with a policy that it knows', async () => {
    const found = await download(ENGINE.module);
    expect(found.Sum).toBe(ENGINE.sum);
    const source = await readFile(join(found.Dir, 'pkg/sync/common/types.go'), 'utf8');
    const [job] = documentsIn(await example(JOB));
    expect(job?.metadata.annotations).toEqual({
      [constant(source, 'AnnotationKeyHook')]: constant(source, 'HookTypePreSync'),
      [constant(source, 'AnnotationKeyHookDeletePolicy')]: constant(source, 'HookDeletePolicyBeforeHookCreation'),
    });
  });
});

describe('the web metric for Argo Rollouts, measured by its own code on the answers of a gate', () => {
  const measured = z.object({ phase: z.string(), message: z.string().optional() });

  /** Measures the example's metric at another address. */
  async function measure(address: string): Promise<z.output<typeof measured>> {
    const [template] = documentsIn(await example(ANALYSIS));
    const [metric] = template?.spec.metrics ?? [];
    if (metric === undefined) throw new Error(`${ANALYSIS} has no metric`);
    const url = metric.provider.web.url.replace('http://dr-gate:8080', address);
    const input = JSON.stringify({ ...metric, provider: { web: { ...metric.provider.web, url } } });
    const { stdout } = await execa('go', ['run', '.'], { cwd: MODULE, env: { CGO_ENABLED: '0' }, input });
    return measured.parse(JSON.parse(stdout));
  }

  beforeAll(() => go('build', '-o', '/dev/null', '.'), SET_UP_MS);

  it('succeeds where everything may be promoted', () =>
    withStubIo(async (stub) => {
      await drilled(stub.io.cwd);
      await served(stub, async (address) => expect(await measure(address)).toEqual({ phase: 'Successful' }));
    }));

  it('fails where something is breached', () =>
    withStubIo(async (stub) => {
      await drilled(stub.io.cwd, breached);
      await served(stub, async (address) => expect(await measure(address)).toEqual({ phase: 'Failed' }));
    }));

  it('is inconclusive where something is not proved', () =>
    withStubIo(async (stub) => {
      await served(stub, async (address) => expect(await measure(address)).toEqual({ phase: 'Inconclusive' }));
    }));

  it('is an error, and no success, where no gate answers', () =>
    withStubIo(async (stub) => {
      let gone = '';
      await served(stub, async (address) => {
        gone = address;
      });
      expect(await measure(gone)).toMatchObject({ phase: 'Error', message: expect.stringContaining('refused') });
    }));
});

const manifestSchema = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).optional() }),
  spec: z.looseObject({
    metrics: z.array(z.looseObject({ provider: z.object({ web: z.looseObject({ url: z.string() }) }) })).optional(),
  }),
});
const documentsIn = (text: string) => parseAllDocuments(text).map((document) => manifestSchema.parse(document.toJS()));

/** Returns the value of a constant of Go. */
function constant(source: string, name: string): string {
  const value = new RegExp(`\\b${name}\\b[^=\\n]*= "([^"]+)"`).exec(source)?.[1];
  if (value === undefined) throw new Error(`the source has no constant ${name}`);
  return value;
}
