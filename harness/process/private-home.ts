import { rmSync } from 'node:fs';
import { ownedFolder } from './scratch.ts';

/** An empty folder that is the home of one command. Disposal removes it with what the command wrote there. */
interface PrivateHome extends Disposable {
  readonly path: string;
}

/**
 * A home in which a command line finds nothing of the user: kubectl's kuberc and cache, Velero's settings
 * (~/.config/velero), NATS contexts, AWS profiles.
 */
export function privateHome(): PrivateHome {
  const path = ownedFolder();
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** For commands that work with the user's own settings: git (`safe.directory`), and builders that version managers install. */
export const usersHome = (environment: NodeJS.ProcessEnv = process.env): { readonly HOME: string } => ({
  HOME: environment['HOME'] ?? '/',
});
