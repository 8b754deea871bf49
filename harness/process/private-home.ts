import { type PassingFolder, passingFolder } from './passing-folder.ts';

/**
 * A home in which a command line finds nothing of the user: kubectl's kuberc and cache, Velero's settings
 * (~/.config/velero), NATS contexts, AWS profiles.
 */
export const privateHome = (): PassingFolder => passingFolder('home');

/** For commands that work with the user's own settings: git (`safe.directory`), and builders that version managers install. */
export const usersHome = (environment: NodeJS.ProcessEnv = process.env): { readonly HOME: string } => ({
  HOME: environment['HOME'] ?? '/',
});
