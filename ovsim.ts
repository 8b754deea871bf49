import { systemClock } from './harness/clock/clock.ts';
import { runDrill } from './harness/cli/drill-command.ts';
import { drillParts } from './harness/cli/real-parts.ts';
import { readyTarget } from './harness/model/open-target.ts';
import { memoryTarget } from './harness/drill/testing/run-memory-drill.ts';
import { listenForInterruption } from './harness/cli/interruption.ts';
const caps = ['nats','nats-cluster','s3','kubernetes','velero','regions'] as const;
using interruption = listenForInterruption(systemClock, () => process.exit(9));
const io = { cwd: process.cwd(), clock: systemClock, signal: interruption.signal, stdout: process.stdout, stderr: process.stderr, environment: process.env, commandLine: 'sim' };
const parts = { ...drillParts, startTarget: async (o: any) => ({ untilReady: async (p: any) => { await o.programs(p); if (p.length) await systemClock.pause(1500, interruption.signal); return { target: { ...memoryTarget, capabilities: [...caps] } as any }; }, [Symbol.asyncDispose]: async () => {} }) };
try { process.exitCode = await runDrill({ target: 'local', contracts: [], all: false, keep: false, json: false, out: '/tmp/ovsim/out' }, io as any, parts as any); } catch (e) { console.error('THROWN', e instanceof Error ? e.message : e); process.exitCode = 2; }
