import { fileURLToPath } from 'node:url';

const place = (path: string): string => fileURLToPath(new URL(path, new URL('../', import.meta.url)));

export const rootFolder = place('.');
export const manifestFile = place('package.json');
/** The manifest of the source tree while `npm pack` reads the packed one. */
export const keptManifestFile = place('package.json.kept');
export const distFolder = place('dist');
export const dashboardFile = place('templates/monitoring/grafana-dashboard.json');
