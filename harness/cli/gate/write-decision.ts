import { dirname, resolve } from 'node:path';
import { makeFolder } from '../../base/files.ts';
import type { GateDecision } from '../../evidence/gate/decision.ts';
import { renderGateJunit, renderGitlabReport } from '../../evidence/gate/render-formats.ts';
import { namedByCaller } from '../../model/errors.ts';
import { requireReplaceable, writeAtomically } from '../../reporting/replaceable-file.ts';
import { explaining } from '../../reporting/system-error.ts';
import type { DecisionFile, DocumentFormat } from './gate-options.ts';

/** Renders the decision as a document. */
export function renderDocument(format: DocumentFormat, decision: GateDecision): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(decision, undefined, 2)}\n`;
    case 'junit':
      return renderGateJunit(decision);
    case 'gitlab':
      return renderGitlabReport(decision);
  }
}

/** Returns a folder, or an address in a bucket. */
function ledgerOf({ sources: { ledger } }: GateDecision, cwd: string): string {
  return ledger.startsWith('s3:') ? ledger : resolve(cwd, ledger);
}

/**
 * Writes one decision to several files, so that a pipeline queries the gate once.
 * @throws {ExplainedError} for a file of another program, and for one that cannot be written.
 */
export async function writeDecision(
  files: readonly DecisionFile[],
  decision: GateDecision,
  cwd: string,
): Promise<void> {
  for (const { format, path } of files) {
    const file = resolve(cwd, path);
    const replacing = { option: '--write', force: false, ledger: ledgerOf(decision, cwd) };
    await namedByCaller(() => requireReplaceable(file, replacing));
    await explaining(`--write ${format}=${path}`, async () => {
      await makeFolder(dirname(file));
      await writeAtomically(file, renderDocument(format, decision));
    });
  }
}
