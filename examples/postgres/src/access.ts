import type { Access } from 'dr-contracts/spi';

/** By the server's data folder, into which a base backup is laid, and its service manager. */
export const dataFolderAccess: Access<'PostgreSQL data folder'> = {
  name: 'PostgreSQL data folder',
  usedBy: ['walArchive({ … })'],
};
