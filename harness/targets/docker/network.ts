import { docker } from './docker-command.ts';
import { labelArguments } from './labels.ts';

export async function createNetwork(
  name: string,
  labels: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  await docker(['network', 'create', ...labelArguments(labels), name], signal);
}
