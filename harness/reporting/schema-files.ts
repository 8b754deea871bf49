import { z } from 'zod';
import { drillRecordSchema, RECORD_SCHEMA_VERSION, runRecordSchema } from '../model/record.ts';

export interface SchemaFile {
  readonly name: string;
  readonly text: string;
}

/** The published JSON Schemas (draft 2020-12), made from the same definitions that validate a record before it is written. */
export function schemaFiles(): readonly SchemaFile[] {
  return [
    { name: 'run.schema.json', text: schemaText('dr-contracts run record', runRecordSchema) },
    { name: 'drill.schema.json', text: schemaText('dr-contracts drill record', drillRecordSchema) },
  ];
}

function schemaText(title: string, schema: z.ZodType): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12' });
  return `${JSON.stringify({ $schema, title: `${title}, version ${RECORD_SCHEMA_VERSION}`, ...rest }, undefined, 2)}\n`;
}
