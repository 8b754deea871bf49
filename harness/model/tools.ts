/** Every program that the real parts need. `aws` and `python` come with LocalStack's virtual environment. */
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

/** Where every program is, once obtained. */
export interface Toolchain {
  /** @throws {ExplainedError} for a tool that this toolchain was not asked to obtain. */
  path(name: ToolName): string;
  readonly inUse: readonly ToolInUse[];
}

export interface ToolInUse {
  readonly name: string;
  readonly version: string;
  /**
   * Where the binary came from (`environment`, `cache`, `path`, `built`, `pack` with its digest, `wheel` with its file and digest, or `image`
   * with its reference and digest), or an image digest.
   */
  readonly source: string;
}
