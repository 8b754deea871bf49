/** A folder to render: files by their paths. The first one with a kustomization in `top/` is what is named. */
export interface KustomizeCase {
  readonly what: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Whether it can be read without kubectl, only by kubectl, or is refused by both. */
  readonly reading: 'read' | 'beyond' | 'refused';
}

const configMap = (name: string, more = '') => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n${more}`;
const cronJob = `apiVersion: batch/v1
kind: CronJob
metadata: { name: backup }
spec:
  schedule: "0 2 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          initContainers: [{ name: init, image: tools }]
          containers:
            - { name: a, image: "registry:5000/tools:1" }
            - { name: b, image: "tools:1@sha256:aa" }
            - { name: c, image: tools-more:1 }
`;
const binding = (kind: string, subject: string) => `apiVersion: rbac.authorization.k8s.io/v1
kind: ${kind}
metadata: { name: binds }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [${subject}]
`;

const top = (
  what: string,
  reading: KustomizeCase['reading'],
  kustomization: string,
  files: KustomizeCase['files'] = { 'top/a.yaml': configMap('a') },
): KustomizeCase => ({ what, reading, files: { 'top/kustomization.yaml': kustomization, ...files } });

const a = 'resources: [a.yaml]\n';

export const kustomizeCases: readonly KustomizeCase[] = [
  top('neither apiVersion nor kind', 'read', a),
  top('a file that is not listed', 'read', a, { 'top/a.yaml': configMap('a'), 'top/attic.yaml': configMap('old') }),
  top('an overlay of a base', 'read', 'namespace: shop\nresources: [../base, a.yaml]\n', {
    'top/a.yaml': configMap('a'),
    'base/kustomization.yaml': 'resources: [secret.yaml]\nconfigMapGenerator: [{ name: made, literals: [x=1] }]\n',
    'base/secret.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { k: v }\n',
  }),
  top('bases', 'read', 'bases: [../base]\n', {
    'base/kustomization.yml': 'namespace: inner\nresources: [b.yaml]\n',
    'base/b.yaml': configMap('b'),
  }),
  top('a List and several documents', 'read', a, {
    'top/a.yaml': `apiVersion: v1\nkind: List\nitems:\n- ${configMap('a').replaceAll('\n', '\n  ')}\n---\n${configMap('b')}---\n`,
  }),
  top('JSON', 'read', 'resources: [a.json]\n', {
    'top/a.json': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'j' }, data: { k: 'é' } }),
  }),
  top('anchors, octal numbers and quoted words', 'read', a, {
    'top/a.yaml': `${configMap('a')}anchor: &it { mode: 0400, "no": "yes" }\nsame: *it\nmerged: { <<: *it, more: 1e3, long: 12345678901 }\n`,
  }),
  top(
    'literals with quotes and equals signs',
    'read',
    `configMapGenerator:
- name: made
  literals: ['A="acme-backups"', "B='x", 'C=a=b', 'D=', 'E="''q''"', "F=it's"]
`,
  ),
  top(
    'files, text and binary, under other names',
    'read',
    'configMapGenerator: [{ name: made, files: [tool.gz, page=index.html] }]\n',
    {
      'top/tool.gz': Uint8Array.of(0x1f, 0x8b, 0xff, 0x00),
      'top/index.html': '<p>é</p>\n',
    },
  ),
  top(
    'Secrets',
    'read',
    `namespace: shop
generatorOptions: { labels: { app: web }, annotations: { by: us } }
secretGenerator:
- { name: plain, literals: [user=admin] }
- { name: typed, type: kubernetes.io/basic-auth, literals: [username=a, password="b"] }
`,
  ),
  top(
    'names with their hash and without',
    'read',
    `generatorOptions: { disableNameSuffixHash: true }
configMapGenerator: [{ name: made, literals: [a=b] }]
`,
  ),
  top(
    'images',
    'read',
    `${a}images:
- { name: tools, newTag: "2" }
- { name: registry:5000/tools, newName: other/tools, digest: sha256:bb }
- { name: tools-more, newName: less }
`,
    { 'top/a.yaml': `${cronJob}---\n${configMap('text', 'data: { image: "tools:1" }\n')}` },
  ),
  top('a namespace over the kinds of a platform', 'read', 'namespace: shop\nresources: [a.yaml]\n', {
    'top/a.yaml': [
      configMap('a').replace('}', ', namespace: other }'),
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n',
      'apiVersion: operators.coreos.com/v1alpha1\nkind: ClusterServiceVersion\nmetadata: { name: csv }\n',
      'apiVersion: velero.io/v1\nkind: Schedule\nmetadata: { name: daily }\n',
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: r }\nrules: []\n',
      'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: { name: sc }\nprovisioner: x\n',
      'apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: pc }\nvalue: 1\n',
      'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: i }\nspec: {}\n',
      'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: p }\nspec: {}\n',
      binding('ClusterRoleBinding', '{ kind: ServiceAccount, name: x, namespace: elsewhere }'),
    ].join('---\n'),
  }),
  top('an account that moves with the namespace', 'beyond', 'namespace: shop\nresources: [a.yaml]\n', {
    'top/a.yaml': `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: x, namespace: dev }\n---\n${binding('RoleBinding', '{ kind: ServiceAccount, name: x, namespace: dev }')}`,
  }),
  top('the account default', 'beyond', 'namespace: shop\nresources: [a.yaml]\n', {
    'top/a.yaml': binding('RoleBinding', '{ kind: ServiceAccount, name: default, namespace: dev }'),
  }),
  top('a webhook', 'beyond', 'namespace: shop\nresources: [a.yaml]\n', {
    'top/a.yaml': `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: w }
webhooks: [{ name: w.x.y, sideEffects: None, admissionReviewVersions: [v1], clientConfig: { service: { name: s, namespace: dev } } }]
`,
  }),
  top('a Namespace of another name', 'beyond', 'namespace: shop\nresources: [a.yaml]\n', {
    'top/a.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: { name: dev }\n',
  }),
  top('commonLabels', 'beyond', `${a}commonLabels: { app: web }\n`),
  top('labels', 'beyond', `${a}labels: [{ pairs: { app: web } }]\n`),
  top(
    'patches',
    'beyond',
    `${a}patches: [{ target: { kind: ConfigMap }, patch: '[{"op":"add","path":"/data","value":{"x":"y"}}]' }]\n`,
  ),
  top('namePrefix', 'beyond', `${a}namePrefix: staging-\n`),
  top('env files', 'beyond', 'configMapGenerator: [{ name: made, envs: [e.env] }]\n', { 'top/e.env': 'A=1\n' }),
  top('components', 'beyond', `${a}components: [../more]\n`, {
    'top/a.yaml': configMap('a'),
    'more/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [m.yaml]\n',
    'more/m.yaml': configMap('m'),
  }),
  top('a word that is a truth value elsewhere', 'beyond', a, {
    'top/a.yaml': cronJob.replace('spec:\n', 'spec:\n  suspend: no\n'),
  }),
  top('a date', 'beyond', a, { 'top/a.yaml': `${configMap('a')}on: 2026-01-31\n` }),
  top('a mounted image where images are changed', 'beyond', `${a}images: [{ name: tools, newTag: "2" }]\n`, {
    'top/a.yaml':
      'apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec: { containers: [], volumes: [{ name: v, image: { reference: tools } }] }\n',
  }),
  top('a resource that is not there', 'refused', 'resources: [gone.yaml]\n'),
  top('a folder without a kustomization', 'refused', 'resources: [../plain]\n', { 'plain/a.yaml': configMap('a') }),
  top('a file outside of its folder', 'refused', 'resources: [../a.yaml]\n', { 'a.yaml': configMap('a') }),
  top('itself', 'refused', 'resources: [../top]\n'),
  top('a circle', 'refused', 'resources: [../base]\n', { 'base/kustomization.yaml': 'resources: [../top]\n' }),
  top('the same object twice', 'refused', 'resources: [a.yaml, b.yaml]\n', {
    'top/a.yaml': configMap('a'),
    'top/b.yaml': configMap('a'),
  }),
  top('two kustomizations in one folder', 'refused', a, { 'top/a.yaml': configMap('a'), 'top/Kustomization': a }),
  top('the same key twice', 'refused', 'configMapGenerator: [{ name: made, literals: [a=1, a=2] }]\n'),
  top('a generator without its file', 'refused', 'configMapGenerator: [{ name: made, files: [gone.txt] }]\n'),
  top('an object without a name', 'refused', a, { 'top/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n' }),
  top('broken YAML', 'refused', a, { 'top/a.yaml': 'kind: [\n' }),
];
