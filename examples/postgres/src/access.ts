import type { Access } from 'dr-contracts/spi';

/** Access through the server's data folder, which receives a base backup, and its service manager. */
export const dataFolderAccess: Access<'PostgreSQL data folder'> = {
  name: 'PostgreSQL data folder',
  usedBy: ['walArchive({ … })'],
};
