import { rmSync } from 'node:fs';
import { ownedFolder } from './scratch.ts';

/** Empty folder that is the home of one command. Disposal removes it with everything that the command wrote there. */
interface PrivateHome extends Disposable {
  readonly path: string;
}

/**
 * Makes a home without files of the user: no kuberc and cache of kubectl, no settings of Velero (~/.config/velero), no NATS contexts, no
 * AWS profiles.
 */
export function privateHome(): PrivateHome {
  const path = ownedFolder();
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/**
 * Returns the user's home, for commands that need the user's own settings: git (`safe.directory`), and builders that version managers
 * install.
 */
export const usersHome = (environment: NodeJS.ProcessEnv = process.env): { readonly HOME: string } => ({
  HOME: environment['HOME'] ?? '/',
});
