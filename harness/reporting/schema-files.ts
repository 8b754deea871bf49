import { z } from 'zod';
import { COMPLIANCE_SCHEMA_VERSION, complianceReportSchema } from '../evidence/compliance/report-schema.ts';
import { RESULTS_SCHEMA_VERSION, resultsSchema } from '../evidence/exports/result-row.ts';
import { GATE_SCHEMA_VERSION, gateDecisionSchema } from '../evidence/gate/decision.ts';
import { waiverFileSchema } from '../evidence/gate/waivers.ts';
import { ENTRY_VERSION, entryStatementSchema } from '../evidence/ledger/statement.ts';
import { drillRecordSchema, RECORD_SCHEMA_VERSION } from '../model/record.ts';
import { runRecordSchema } from '../model/run-record.ts';

export interface SchemaFile {
  readonly name: string;
  readonly text: string;
}

/**
 * Returns the published JSON Schemas, made from the definitions that validate a record before it is written, or a file after it is read.
 * Draft 2020-12; draft 7 for the file that people write, because editors support that one best.
 */
export function schemaFiles(): readonly SchemaFile[] {
  return [
    { name: 'run.schema.json', text: schemaText('dr-contracts run record', RECORD_SCHEMA_VERSION, runRecordSchema) },
    {
      name: 'drill.schema.json',
      text: schemaText('dr-contracts drill record', RECORD_SCHEMA_VERSION, drillRecordSchema),
    },
    {
      name: 'gate.schema.json',
      text: schemaText('dr-contracts gate decision', GATE_SCHEMA_VERSION, gateDecisionSchema),
    },
    {
      name: 'compliance.schema.json',
      text: schemaText('dr-contracts compliance report', COMPLIANCE_SCHEMA_VERSION, complianceReportSchema),
    },
    {
      name: 'ledger-entry.schema.json',
      text: schemaText('dr-contracts ledger entry (in-toto statement)', ENTRY_VERSION, entryStatementSchema),
    },
    {
      name: 'results.schema.json',
      text: schemaText('dr-contracts results of a run', RESULTS_SCHEMA_VERSION, resultsSchema),
    },
    { name: 'waivers.schema.json', text: textOf(z.toJSONSchema(waiverFileSchema, { target: 'draft-7', io: 'input' })) },
  ];
}

function schemaText(title: string, version: number, schema: z.ZodType): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12' });
  return textOf({ $schema, title: `${title}, version ${version}`, ...rest });
}

const textOf = (schema: unknown): string => `${JSON.stringify(schema, undefined, 2)}\n`;
