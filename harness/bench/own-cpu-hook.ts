import { appendFileSync } from 'node:fs';

// Preloaded into every Node process of a run (`NODE_OPTIONS=--import`): each says at its end how much processor time it has used itself.

const file = process.env['DR_CONTRACTS_BENCH_CPU'] ?? '';
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  appendFileSync(file, `${(user + system) / 1_000}\n`);
});
