/** Every program that the toolchain has a recipe for. `aws` and `python` come with LocalStack's virtual environment. */
export const toolNames = [
  'nats-server',
  'nats',
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
  'velero',
  'velero-plugin-for-aws',
  'localstack-python',
  'aws',
  'coredns',
  'kind',
  'prometheus',
] as const;
export type ToolName = (typeof toolNames)[number];

/** Of the docker target alone: kind makes its clusters where it is installed, and an image for pods is made of prometheus where none can be pulled. */
export const dockerToolNames: readonly ToolName[] = ['kind', 'prometheus'];

/** What the local target runs and is used with. */
export const localToolNames: readonly ToolName[] = toolNames.filter((name) => !dockerToolNames.includes(name));
