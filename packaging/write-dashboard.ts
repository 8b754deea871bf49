import { writeFile } from 'node:fs/promises';
import { dashboardText } from './grafana-dashboard.ts';
import { dashboardFile } from './places.ts';

// Run it by hand after a change of packaging/grafana-dashboard.ts: node packaging/write-dashboard.ts
await writeFile(dashboardFile, dashboardText());
