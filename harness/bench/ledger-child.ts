import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { catalogue } from '../evidence/compliance/catalogue.ts';
import { PeriodCollector } from '../evidence/compliance/collect-period.ts';
import { makeComplianceReport } from '../evidence/compliance/make-report.ts';
import { renderComplianceHtml } from '../evidence/compliance/render-compliance.ts';
import { promiseSchema } from '../evidence/entry.ts';
import { collectProofs } from '../evidence/gate/collect-proofs.ts';
import { decideGate } from '../evidence/gate/decide.ts';
import { defaultPolicy } from '../evidence/gate/policy.ts';
import { forgedAmong } from '../evidence/gate/verify-kept.ts';
import { openFolderStore } from '../evidence/ledger/folder-store.ts';
import { readLedger } from '../evidence/ledger/ledger-store.ts';
import { parsePublicKey } from '../evidence/ledger/public-key.ts';
import { verifyLedger } from '../evidence/ledger/verify-ledger.ts';
import { cpuTimeMs } from './cpu-time.ts';
import { keepsCollecting } from './live-memory.ts';

/**
 * Reads a long ledger once, as one of the commands does, in a process of its own; prints the processor time, the peak of the resident
 * memory and, with `--expose-gc`, what was left after full collections.
 */
const [reader = '', questionFile = ''] = process.argv.slice(2);
const questionSchema = z.object({
  folder: z.string(),
  nowUtc: z.string(),
  publicKeyPem: z.string(),
  promises: z.array(promiseSchema),
});
const { folder, nowUtc, publicKeyPem, promises } = questionSchema.parse(
  JSON.parse(await readFile(questionFile, 'utf8')),
);
const signal = new AbortController().signal;
const key = parsePublicKey(publicKeyPem, 'key of the bench');
using store = openFolderStore(folder);

/** Each command that reads a whole ledger, and what it has to find in an honest one. */
const readers: Readonly<Record<string, () => Promise<void>>> = {
  verify: async () => {
    const { verdict, faults } = await verifyLedger(store, { keys: [key], anchors: [], nowUtc }, signal);
    if (verdict !== 'valid') throw new Error(`the ledger is ${verdict}: ${faults[0]?.sentence}`);
  },
  gate: async () => {
    const question = {
      policy: defaultPolicy(),
      promises,
      at: new Date(nowUtc),
      asksAboutPast: false,
      commit: null,
      workTree: 'changed' as const,
      keyIds: [key.keyId],
    };
    const proofs = await collectProofs(readLedger(store, signal), question);
    const forged = await forgedAmong(store, proofs, [key], { proofs: true }, signal);
    const { promises: decided, problems } = decideGate({ ...question, proofs, waivers: [] });
    const isWhole = decided.every((each) => each.proofs.length === 1) && decided.length === promises.length;
    if (!isWhole || forged.length + problems.length > 0) throw new Error('the gate has not found every proof');
  },
  report: async () => {
    const period = { fromMs: 0, toMs: Date.parse(nowUtc) };
    const collector = new PeriodCollector(period);
    const onEntry = collector.add.bind(collector);
    const verification = await verifyLedger(store, { keys: [key], anchors: [], nowUtc, onEntry }, signal);
    const report = makeComplianceReport({
      collected: collector.result(),
      period,
      madeAt: nowUtc,
      frameworks: catalogue,
      ledger: { at: folder, verification, givenKeys: [key.keyId], givenReviewerKeys: [] },
    });
    if (report.promises.length !== promises.length) throw new Error('the report lacks promises');
    if ((await renderComplianceHtml(report)) === '') throw new Error('the report is empty');
  },
};
const read = readers[reader];
if (read === undefined) throw new Error(`there is no reader "${reader}": ${Object.keys(readers).join(', ')}`);
const collecting = keepsCollecting();
const beganMs = cpuTimeMs();
await read();
const tookMs = cpuTimeMs() - beganMs;
process.stdout.write(JSON.stringify({ cpuMs: tookMs, ...collecting.end() }));
