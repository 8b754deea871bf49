import type { Clock } from '../../clock/clock.ts';
import type { ToolName } from '../../model/target.ts';
import { readSessionFile, type Session } from '../session.ts';
import { sessionLabels } from './labels.ts';
import type { DockerSettings } from './settings.ts';

/** Context in which every part of the docker target starts. */
export interface DockerContext {
  readonly session: Session;
  readonly clock: Clock;
  readonly settings: DockerSettings;
  /** The docker network of every part. */
  readonly network: string;
  /** Path of kind where it is installed; without it, clusters are made from the node image alone. */
  readonly kind?: string | undefined;
  /** True when the shared cluster is the kept one, which outlives the session. */
  readonly kept?: 'new' | 'again';
  progress?(message: string): void;
  tool(name: ToolName): string;
}

/** Labels that mark a container, network or volume as part of this session. */
export const labelsOf = ({ session }: Pick<DockerContext, 'session'>): Readonly<Record<string, string>> =>
  sessionLabels(readSessionFile(session.dir));
