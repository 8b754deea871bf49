import type { Clock } from '../../clock/clock.ts';
import type { ToolName } from '../../model/target.ts';
import { readSessionFile, type Session } from '../session.ts';
import { sessionLabels } from './labels.ts';
import type { DockerSettings } from './settings.ts';

/** What every part of the docker target is started with. */
export interface DockerContext {
  readonly session: Session;
  readonly clock: Clock;
  readonly settings: DockerSettings;
  /** The docker network that every part is on. */
  readonly network: string;
  /** The path of kind, where it is installed; clusters are made without it otherwise. */
  readonly kind?: string | undefined;
  /** True when the shared cluster is the kept one, which outlives the session. */
  readonly kept?: 'new' | 'again';
  progress?(message: string): void;
  tool(name: ToolName): string;
}

/** The marks by which a container, network or volume is known to belong to this session. */
export const labelsOf = ({ session }: Pick<DockerContext, 'session'>): Readonly<Record<string, string>> =>
  sessionLabels(readSessionFile(session.dir));
