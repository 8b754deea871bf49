import { fileURLToPath } from 'node:url';

const place = (path: string): string => fileURLToPath(new URL(path, new URL('../', import.meta.url)));

export const rootFolder = place('.');
export const manifestFile = place('package.json');
